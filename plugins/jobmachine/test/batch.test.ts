import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelTask, echo, listTasks, retryTask, sendBatch, taskView, waitFor } from '../index.ts'
import { settleBatches } from '../queue/batch.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { flaky, slow } from './trial.ts'

describe('a batch', () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite()
    await site.work()
  })
  afterAll(() => site.close())

  it('runs while its tasks run, says how many are done, and finishes with them', async () => {
    const batch = await sendBatch(site.djet, { title: 'Six', job: slow, params: Array(6).fill({ ms: 400 }) })
    expect(await taskView(site.djet, batch.id)).toMatchObject({
      class: 'jobmachine.batch',
      title: 'Six',
      status: 'running',
      progress: { done: 0, total: 6 },
    })
    expect(await waitFor(site.djet, batch.id)).toMatchObject({
      status: 'finished',
      results: [{ tasks: 6, finished: 6, failed: 0 }],
    })
    const { tasks } = await listTasks(site.djet, { parent: batch.id })
    expect(tasks.map((task) => task.class)).toEqual(Array(6).fill('trial.slow'))
  })

  it('fails when a task failed, and is counted anew when that one is retried', async () => {
    const batch = await sendBatch(
      site.djet,
      { title: 'Two', job: flaky, params: [{ failures: 0 }, { failures: 1 }] },
      { retries: 0 },
    )
    expect(await waitFor(site.djet, batch.id)).toMatchObject({
      status: 'failed',
      error: '1 of 2 tasks failed',
      results: [{ tasks: 2, finished: 1, failed: 1 }],
    })
    const { tasks } = await listTasks(site.djet, { parent: batch.id, status: 'failed' })
    await retryTask(site.djet, tasks[0]!.id)
    expect(await waitFor(site.djet, batch.id)).toMatchObject({
      status: 'finished',
      results: [{ tasks: 2, finished: 2, failed: 0 }],
    })
  })

  it('without tasks is finished at once', async () => {
    const batch = await sendBatch(site.djet, { title: 'None', job: echo, params: [] })
    expect(await waitFor(site.djet, batch.id)).toMatchObject({ status: 'finished', results: [{ tasks: 0 }] })
  })

  it('is cancelled with all its tasks', async () => {
    const batch = await sendBatch(site.djet, {
      title: 'Many',
      job: slow,
      params: Array(50).fill({ ms: 5000 }),
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    await cancelTask(site.djet, batch.id)
    expect(await waitFor(site.djet, batch.id)).toMatchObject({ status: 'failed', results: [{ failed: 50 }] })
  })

  it('leaves nothing when the transaction around it is rolled back', async () => {
    const work = site.djet.transaction(async (djet) => {
      await sendBatch(djet, { title: 'Gone', job: echo, params: [{}, {}] })
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    expect(await site.djet.query("select 1 from jobmachine.task where title = 'Gone'")).toEqual([])
  })

  it('is not over while a task waits again that was passed before', async () => {
    const { database } = site.app
    const { id } = await sendBatch(
      site.djet,
      { title: 'looked at again', job: echo, params: Array(6).fill(1) },
      { runAfter: '1h' },
    )
    const children = (
      await database.query<{ id: number }>(
        'select task_id as id from jobmachine.task where parent_id = $1 order by 1',
        [id],
      )
    ).map((row) => row.id)
    const put = (status: number, from: number, to = from) =>
      database.query('update jobmachine.task set status = $1 where task_id between $2 and $3', [
        status,
        children[from],
        children[to],
      ])
    const settled = async () => (await settleBatches(database, [id], 60_000)).length
    expect(await settled()).toBe(0)
    await put(200, 0, 3)
    expect(await settled()).toBe(0)
    await put(0, 1)
    await put(200, 4, 5)
    expect(await settled()).toBe(0)
    await put(100, 1)
    expect(await settled()).toBe(0)
    await put(200, 1)
    expect(await settled()).toBe(1)
    expect(await settled()).toBe(0)
  })
})
