import { setTimeout as sleep } from 'node:timers/promises'
import type { DjetApp } from '../../core/index.ts'
import { type AnyJob, noop, type SentTask, send, sendMany } from '../../plugins/jobmachine/index.ts'
import { latency, now } from './plugin/index.ts'

/** Tasks a second and the processor time of this process a task, microseconds. */
export interface Pace {
  readonly tasks: number
  readonly perSecond: number
  readonly cpuPerTask: number
}

/** Tasks of one statement of `sendMany` here. */
const CHUNK = 5000

/** Sends no-ops in bulk, each call one transaction of 5,000. */
export function sendBulk(app: DjetApp, tasks: number): Promise<Pace> {
  return pace(tasks, async () => {
    for (let left = tasks; left > 0; left -= CHUNK) {
      await sendMany(app.scope(), noop, new Array(Math.min(left, CHUNK)).fill({}))
    }
  })
}

/** Sends no-ops each by itself, ten at any time. */
export function sendSingly(app: DjetApp, tasks: number): Promise<Pace> {
  return pace(tasks, async () => {
    let left = tasks
    const sender = async (): Promise<void> => {
      while (left-- > 0) await send(app.scope(), noop, {})
    }
    await Promise.all(Array.from({ length: 10 }, sender))
  })
}

/** Sends tasks in one transaction: workers see none of them, then all. */
export async function sendAtOnce(app: DjetApp, job: AnyJob, tasks: number): Promise<void> {
  const params = Array.from({ length: tasks }, (_, n) => ({ hello: 'world', n }))
  await sendMany(app.scope(), job, params)
}

/** Waits until that many worker threads look for tasks. */
export async function workersReady(app: DjetApp, threads: number): Promise<void> {
  for (;;) {
    const [row] = await app.database.query<{ n: number }>(
      'select count(*) as n from jobmachine.worker where ended is null',
    )
    if ((row?.n ?? 0) >= threads) return
    await sleep(50)
  }
}

/** What the database says of the tasks since the last `forget`. */
export interface Finished {
  readonly tasks: number
  readonly failed: number
  /** Seconds from the first start to the last end. */
  readonly seconds: number
}

/** Waits until no task is waiting or running. @throws Error when that takes longer than two minutes */
export async function drained(app: DjetApp): Promise<Finished> {
  const until = Date.now() + 120_000
  while (await someLeft(app)) {
    if (Date.now() > until) throw new Error('the queue is not empty after two minutes')
    await sleep(50)
  }
  const [row] = await app.database.query<Finished>(
    `select count(*) filter (where status = 200) as tasks, count(*) filter (where status = 900) as failed,
       extract(epoch from max(finished) - min(started))::float8 as seconds
     from jobmachine.task`,
  )
  return row!
}

async function someLeft(app: DjetApp): Promise<boolean> {
  const [row] = await app.database.query<{ left: boolean }>(
    `select exists (select from jobmachine.task where status = 0)
       or exists (select from jobmachine.task where status = 100) as left`,
  )
  return row?.left ?? false
}

/** Empties the tables of tasks, and has PostgreSQL look at them as it would have after a while. */
export async function forget(app: DjetApp): Promise<void> {
  await app.database.query('truncate jobmachine.task, jobmachine.result restart identity cascade')
  await app.database.query('analyze jobmachine.task')
}

/** What was found about the time from `send` to the start of the function, milliseconds. */
export interface Latencies {
  readonly sendToStart: readonly number[]
  /** How long `send` itself took. */
  readonly send: readonly number[]
}

/** Sends tasks to idle workers, one every ten milliseconds, and reads from their results how long each waited. */
export async function measureLatency(app: DjetApp, tasks: number): Promise<Latencies> {
  const djet = app.scope()
  const sendTimes: number[] = []
  const sent: Promise<SentTask>[] = []
  const begun = now()
  for (let n = 0; n < tasks; n++) {
    await sleep(Math.max(0, begun + n * 10 - now()))
    const at = now()
    const sending = send(djet, latency, { sent: at })
    void sending.then(() => sendTimes.push(now() - at))
    sent.push(sending)
  }
  await Promise.all(sent)
  await drained(app)
  const rows = await app.database.query<{ ms: number }>(
    `select (r.result::jsonb ->> 'data')::float8 as ms
     from jobmachine.result r join jobmachine.task t using (task_id)
     where t.class_id = (select jobmachine.class_id('bench.latency'))`,
  )
  return { sendToStart: rows.map((row) => row.ms), send: sendTimes }
}

async function pace(tasks: number, work: () => Promise<void>): Promise<Pace> {
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await work()
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { tasks, perSecond: tasks / seconds, cpuPerTask: (user + system) / tasks }
}
