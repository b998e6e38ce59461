import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { listAudit } from '../../../core/index.ts'
import { echo, noop, send, sendMany, taskView, waitFor } from '../index.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { busy, filed, flaky, hopeless, noted, slow, strange } from './trial.ts'

describe('a worker thread', () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite()
    await site.work()
  })
  afterAll(() => site.close())

  it('runs a task and keeps what its function returns', async () => {
    const task = await send(site.djet, echo, { hello: ['world'] })
    expect(await waitFor(site.djet, task.id)).toMatchObject({
      status: 'finished',
      results: [{ hello: ['world'] }],
    })
  })

  it('runs several tasks at once', async () => {
    const tasks = await sendMany(site.djet, slow, [{ ms: 600 }, { ms: 600 }, { ms: 600 }])
    for (const { id } of tasks) await waitFor(site.djet, id)
    const views = await Promise.all(tasks.map(async ({ id }) => (await taskView(site.djet, id))!))
    const lastStart = Math.max(...views.map((view) => view.started!.getTime()))
    const firstEnd = Math.min(...views.map((view) => view.finished!.getTime()))
    expect(lastStart).toBeLessThan(firstEnd)
  })

  it('leaves no row beside the task for one that does nothing', async () => {
    const tasks = await sendMany(site.djet, noop, Array(3000).fill({}))
    await waitFor(site.djet, tasks.at(-1)!.id)
    const [rows] = await site.djet.query<{ finished: number; others: number }>(
      `select (select count(*) from jobmachine.task t join jobmachine.class c using (class_id)
          where c.name = 'jobmachine.noop' and status = 200) as finished,
        (select count(*) from jobmachine.result where task_id = any ($1)) +
        (select count(*) from jobmachine.attempt where task_id = any ($1)) +
        (select count(*) from jobmachine.log where task_id = any ($1)) as others`,
      [tasks.map((task) => task.id)],
    )
    expect(rows!.finished).toBeGreaterThan(2000)
    expect(rows!.others).toBe(0)
  })

  it('tries again after a failure, later each time, and keeps each error', async () => {
    const { id } = await send(site.djet, flaky, { failures: 2 })
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished', results: [{ attempt: 3 }] })
    const { attempts } = (await taskView(site.djet, id))!
    expect(attempts.map(({ error }) => error)).toEqual(['no luck in attempt 1', 'no luck in attempt 2'])
    expect(attempts[0]!.stack).toContain('trial.ts')
    const [first, second] = attempts
    expect(second!.started!.getTime() - first!.ended.getTime()).toBeGreaterThanOrEqual(145)
  })

  it('gives up after the last retry', async () => {
    const { id } = await send(site.djet, flaky, { failures: 9 })
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'failed', error: 'no luck in attempt 3' })
  })

  it.each([
    ['failed', 1, 'the file has no header'],
    ['missing', 1, 'there is no order 7'],
    ['conflict', 2, 'somebody else was quicker'],
  ] as const)('an error of the kind "%s" is met %i times', async (how, attempts, error) => {
    const { id } = await send(site.djet, hopeless, { how })
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'failed', error })
    expect((await taskView(site.djet, id))!.attempts).toHaveLength(attempts)
  })

  it('keeps the words of whatever is thrown, and lives on', async () => {
    const ways = ['nul', 'null', 'object', 'file', 'cause', 'proxy']
    const tasks = await sendMany(
      site.djet,
      strange,
      ways.map((how) => ({ how })),
    )
    const views = []
    for (const { id } of tasks) {
      await waitFor(site.djet, id)
      views.push((await taskView(site.djet, id))!)
    }
    expect(views.map((view) => view.attempts.map(({ error }) => error).join())).toEqual([
      'ab',
      'null',
      "{ code: 7, of: [ 'what' ] }",
      "ENOENT: no such file or directory, open '/no/such/file.csv'",
      'outside',
      'something was thrown that cannot be shown',
    ])
    expect(views[4]!.attempts[0]!.stack).toMatch(/^Error: outside\n(.*\n)+caused by Error: inside\n/)
    expect(views[0]).toMatchObject({
      progress: { done: 0, total: null, note: 'ab' },
      log: [{ level: 'info', message: 'said by an object' }],
    })
  })

  it('shows progress and log while the task runs', async () => {
    const { id } = await send(site.djet, busy, { steps: 10 })
    let seen = 0
    for (let n = 0; n < 100 && seen === 0; n++) {
      await new Promise((resolve) => setTimeout(resolve, 30))
      const view = await taskView(site.djet, id)
      if (view?.status === 'running') seen = view.progress?.done ?? 0
    }
    expect(seen).toBeGreaterThan(0)
    expect(seen).toBeLessThan(10)
    // The clock of the machine is set an hour ahead: no time limit passes by that.
    const { now } = Date
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000)
    await waitFor(site.djet, id).finally(() => vi.restoreAllMocks())
    const view = await taskView(site.djet, id)
    expect(view!.progress).toEqual({ done: 10, total: 10, note: 'step 10' })
    expect(view!.log.map((line) => line.message)).toEqual(
      Array.from({ length: 10 }, (_, n) => `did step ${n + 1}`),
    )
    expect(view!.log.at(-1)!.level).toBe('warn')
    expect(view!.worker).toMatchObject({ pid: process.pid, thread: 1 })
  })

  it('keeps several results, files among them', async () => {
    const { id } = await send(site.djet, filed, { name: 'dir/report.csv', type: 'text/csv', bytes: 700_000 })
    await waitFor(site.djet, id)
    const { results } = (await taskView(site.djet, id))!
    expect(results.map(({ type, data }) => [type, data])).toEqual([
      ['application/json', { rows: 2 }],
      ['text/csv', { name: 'report.csv', type: 'text/csv', size: 700_000 }],
      ['application/json', 'done'],
    ])
    expect(results[1]!.file).toMatchObject({ name: 'report.csv', size: 700_000 })
  })

  it('runs what is urgent first', async () => {
    const ids = await site.djet.transaction(async (djet) => {
      const late = await sendMany(djet, slow, Array(8).fill({ ms: 100 }))
      const [urgent] = await sendMany(djet, slow, [{ ms: 100 }], { priority: -10 })
      return { late: late.map((task) => task.id), urgent: urgent!.id }
    })
    for (const id of [...ids.late, ids.urgent]) await waitFor(site.djet, id)
    const [row] = await site.djet.query<{ before: number }>(
      // Three begin with it, in the same moment.
      `select count(*) as before from jobmachine.task where task_id = any ($1)
         and started < (select started - interval '50 milliseconds' from jobmachine.task where task_id = $2)`,
      [ids.late, ids.urgent],
    )
    expect(row!.before).toBe(0)
  })

  it('notes what its function did as done by the task, once it is kept', async () => {
    const { id } = await send(site.djet, noted, {})
    await waitFor(site.djet, id)
    const { items } = await listAudit(site.djet, { action: 'trial.note' })
    expect(items).toMatchObject([{ door: 'job', via: `task ${id}`, login: null, data: { attempt: 2 } }])
  })

  it('runs a task at its time, not before', async () => {
    const { id } = await send(site.djet, echo, {}, { runAfter: '700ms' })
    await waitFor(site.djet, id)
    const view = (await taskView(site.djet, id))!
    expect(view.started!.getTime()).toBeGreaterThanOrEqual(Number(view.runAfter))
  })
})
