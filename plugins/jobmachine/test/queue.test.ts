import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { echo, send, sendMany, taskView } from '../index.ts'
import { type Claimed, claim as claimParcels } from '../queue/claim.ts'
import { classIds } from '../queue/classes.ts'
import { fail, finish } from '../queue/end.ts'
import { giveBack, showRunning } from '../queue/hold.ts'
import { beat, reapWorker, suspects, WORKER_DIED } from '../queue/reap.ts'
import { writeLog, writeProgress, writeResult } from '../queue/report.ts'
import { removeOld } from '../queue/retention.ts'
import { type Runner, WORKER_LOCK } from '../queue/runner.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

const DAY = 86_400_000

/** Claims as a worker does: again while another one has the parcels locked, or they were of removed tasks. */
async function claim(db: Runner, classes: number[], limit: number, worker: number): Promise<Claimed[]> {
  const tasks: Claimed[] = []
  for (let tries = 0; tries < 50 && tasks.length < limit; tries++) {
    tasks.push(...(await claimParcels(db, classes, limit - tasks.length, worker, 1)).tasks)
  }
  return tasks
}

describe('the queue', () => {
  let site: JobsSite
  let db: Runner
  let classes: number[]
  beforeAll(async () => {
    site = await createJobsSite()
    db = site.app.database
    classes = [...(await classIds(db, ['jobmachine.echo'])).values()]
  })
  beforeEach(() => db.query('delete from jobmachine.task'))
  afterAll(() => site.close())

  async function worker(): Promise<number> {
    const [row] = await db.query<{ id: number }>(
      "insert into jobmachine.worker (host, pid, thread) values ('here', 1, 1) returning worker_id as id",
    )
    return row!.id
  }

  it('hands each task to one worker only', async () => {
    await sendMany(site.djet, echo, Array(200).fill({}))
    const workers = await Promise.all(Array.from({ length: 8 }, worker))
    const claims = await Promise.all(workers.map((id) => claim(db, classes, 40, id)))
    const ids = claims.flat().map((task) => task.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBe(200)
  })

  it('claims by priority, then age, and never more than asked for', async () => {
    await sendMany(site.djet, echo, [{ n: 1 }, { n: 2 }])
    await send(site.djet, echo, { n: 3 }, { priority: -1 })
    await send(site.djet, echo, { n: 4 }, { priority: -2, runAfter: '1h' })
    const claimed = await claim(db, classes, 2, await worker())
    expect(claimed.map((task) => task.parameters)).toEqual(['{"n":3}', '{"n":1}'])
  })

  it('refuses all that a zombie writes', async () => {
    const { id } = await send(site.djet, echo, {})
    const dead = await worker()
    const [old] = await claim(db, classes, 1, dead)
    await reapWorker(db, { jobs: new Map(), retention: DAY }, dead, new Map(), WORKER_DIED)
    await db.query('update jobmachine.task set run_after = now()')
    const alive = await worker()
    const [now] = await claim(db, classes, 1, alive)
    expect(now).toMatchObject({ id, attempt: 2 })

    await showRunning(db, alive, [{ ...now!, began: Date.now() }])
    const zombie = old!
    // Beside what the next run writes, too: both may be of one thread.
    const at = new Date()
    await writeProgress(db, [
      { ...zombie, done: 9, total: 9, note: 'zombie' },
      { ...now!, done: 1, total: 2, note: 'alive' },
    ])
    await writeLog(db, [
      { ...zombie, level: 'info', message: 'zombie', at },
      { ...now!, level: 'info', message: 'alive', at },
    ])
    expect(await writeResult(db, zombie, 'zombie', 'application/json', null)).toBe(false)
    const end = { id, turn: old!.turn, attempt: 1, ran: 1, retention: DAY }
    expect((await finish(db, dead, [{ ...end, result: '{"data":0}', announce: false }])).n).toBe(0)
    expect((await fail(db, dead, [{ ...end, error: 'zombie', stack: null, delay: null }])).n).toBe(0)

    expect(await taskView(site.djet, id)).toMatchObject({
      status: 'running',
      attempt: 2,
      progress: { done: 1, note: 'alive' },
      log: [{ message: 'alive' }],
      results: [],
      attempts: [{ attempt: 1, error: 'worker died' }],
    })
  })

  it('gives tasks back without counting the attempt', async () => {
    const [first, second] = await sendMany(site.djet, echo, [{}, {}])
    const id = await worker()
    await showRunning(
      db,
      id,
      (await claim(db, classes, 2, id)).map((task) => ({ ...task, began: 0 })),
    )
    expect(await giveBack(db, id, [second!.id])).toBe(1)
    expect(await taskView(site.djet, first!.id)).toMatchObject({
      status: 'waiting',
      attempt: 0,
      started: null,
    })
    expect(await taskView(site.djet, second!.id)).toMatchObject({ status: 'running', attempt: 1 })
  })

  it('knows a worker by the lock of its session, and by its last sign of life', async () => {
    const [locked, unlocked, silent] = [await worker(), await worker(), await worker()]
    const session = new pg.Client(site.databaseUrl)
    await session.connect()
    await session.query('select pg_advisory_lock($1, w) from unnest($2::int[]) as w', [
      WORKER_LOCK,
      [locked, silent],
    ])
    await db.query("update jobmachine.worker set seen = now() - interval '13 s' where worker_id = $1", [
      silent,
    ])
    const found = new Map((await suspects(db, WORKER_LOCK, 0)).map(({ id, stale }) => [id, stale]))
    expect([locked, unlocked, silent].map((id) => found.get(id))).toEqual([undefined, false, true])
    await session.end()
    expect(await beat(db, [locked, unlocked, 999_999])).toEqual([locked, unlocked])
  })

  it('removes what is old, with its results and files, a bounded number at a time', async () => {
    const tasks = await sendMany(site.djet, echo, Array(600).fill({}))
    const id = await worker()
    const claimed = await claim(db, classes, 1000, id)
    const file = await site.djet.files.write({ name: 'a.txt', type: 'text/plain', content: 'hello' })
    await writeResult(db, claimed[0]!, 'a', 'text/plain', file.id)
    await finish(
      db,
      id,
      claimed.map(({ id, turn, attempt }) => ({
        id,
        turn,
        attempt,
        ran: 1,
        result: '{"data":1}',
        retention: 0,
        announce: false,
      })),
    )
    await db.query('update jobmachine.task set remove_after = null where task_id = $1', [tasks[599]!.id])
    expect(await removeOld(db)).toBe(500)
    expect(await removeOld(db)).toBe(99)
    expect(await removeOld(db)).toBe(0)
    const [left] = await db.query(
      'select (select count(*) from jobmachine.result) as results, (select count(*) from djet.file) as files',
    )
    expect(left).toEqual({ results: 1, files: 0 })
  })
})
