import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelTask, echo, noop, retryTask, send, sendMany, taskView, waitFor } from '../index.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { deadly, deaf, endless, polite, slow, stuck } from './trial.ts'

describe('a time limit', () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite()
    await site.work({ threads: 2 })
    // Both threads are up.
    await Promise.all(
      (await sendMany(site.djet, slow, Array(8).fill({ ms: 300 }))).map(({ id }) => waitFor(site.djet, id)),
    )
  })
  afterAll(() => site.close())

  it('lets no task wait that a stuck thread has claimed and not started', async () => {
    for (const { id } of (await sendMany(site.djet, noop, Array(2000).fill({}))).slice(-1))
      await waitFor(site.djet, id)
    const { before, loop, after } = await site.djet.transaction(async (djet) => ({
      before: await sendMany(djet, noop, Array(50).fill({})),
      loop: await send(djet, stuck, {}),
      after: await sendMany(djet, noop, Array(500).fill({})),
    }))
    const others = [...before, ...after].map((task) => task.id)
    // At most three had begun beside it; those wait for its end.
    for (let left = 4; left > 3; ) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      const sql = 'select count(*) as n from jobmachine.task where task_id = any ($1) and status < 200'
      left = (await site.djet.query<{ n: number }>(sql, [others]))[0]!.n
    }
    expect((await taskView(site.djet, loop.id))!.status).toBe('running')
    expect(await waitFor(site.djet, loop.id)).toMatchObject({ error: 'timeout: not done after 6s' })
  })

  it('ends an endless loop, and no other task notices', async () => {
    const loop = await send(site.djet, endless, {})
    const others = await sendMany(site.djet, slow, Array(3).fill({ ms: 1500 }))
    expect(await waitFor(site.djet, loop.id)).toMatchObject({
      status: 'failed',
      error: 'timeout: not done after 700ms',
    })
    for (const { id } of others) {
      expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished' })
      const other = (await taskView(site.djet, id))!
      expect(other.attempts).toEqual([])
      expect(other.attempt).toBe(1)
    }
  })

  it('first asks: a function that looks at its signal ends by itself', async () => {
    const { id } = await send(site.djet, polite, {})
    expect(await waitFor(site.djet, id)).toMatchObject({ error: 'timeout: not done after 300ms' })
  })

  it('ends a function that never comes back', async () => {
    const { id } = await send(site.djet, deaf, {})
    expect(await waitFor(site.djet, id)).toMatchObject({ error: 'timeout: not done after 300ms' })
  })

  it('leaves threads that go on working', async () => {
    const task = await send(site.djet, echo, { still: 'here' })
    expect(await waitFor(site.djet, task.id)).toMatchObject({ results: [{ still: 'here' }] })
  })

  it('a task that kills its thread each time fails in the end', async () => {
    const { id } = await send(site.djet, deadly, {})
    expect(await waitFor(site.djet, id)).toMatchObject({
      status: 'failed',
      error: 'worker died: its thread was ended by process.exit(3)',
    })
    expect((await taskView(site.djet, id))!.attempts).toHaveLength(2)
  })

  it('is not needed to end a task: a running one can be cancelled', async () => {
    const { id } = await send(site.djet, slow, { ms: 60_000 })
    while ((await taskView(site.djet, id))!.status !== 'running') await new Promise((r) => setTimeout(r, 20))
    await cancelTask(site.djet, id)
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'failed', error: 'cancelled' })
  })

  it('a waiting task can be cancelled, and retried', async () => {
    const { id } = await send(site.djet, echo, { again: 1 }, { runAfter: '1h' })
    await cancelTask(site.djet, id)
    expect(await taskView(site.djet, id)).toMatchObject({
      status: 'failed',
      attempts: [{ error: 'cancelled' }],
    })
    await expect(cancelTask(site.djet, id)).rejects.toMatchObject({ code: 'TASK_OVER', status: 409 })
    await retryTask(site.djet, id)
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished', results: [{ again: 1 }] })
    expect((await taskView(site.djet, id))!.attempts).toHaveLength(1)
    await expect(retryTask(site.djet, id)).rejects.toMatchObject({ code: 'TASK_NOT_FAILED', status: 409 })
  })
})
