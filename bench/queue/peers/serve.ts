import { setTimeout as sleep } from 'node:timers/promises'
import { answerCalls } from '../../shared/child.ts'
import type { Latencies, Pace } from '../tasks.ts'
import { now, type Queue, type Ran, type Setting } from './queue.ts'

/** Milliseconds a backlog may take. */
const PATIENCE = 120_000
/** Tasks of one call while sending goes on, and how many may be ahead of the workers. */
const CHUNK = 1000
const AHEAD = 5000

export interface Drain {
  readonly setting: Setting
  readonly tasks: number
}

export interface Stream {
  readonly setting: Setting
  readonly seconds: number
}

/** What a stream of tasks came to. */
export interface Streamed {
  /** Tasks run a second, in each third of the time. */
  readonly thirds: readonly number[]
  /** Tasks sent and not run at the end of each third. */
  readonly backlogs: readonly number[]
}

/**
 * Answers the calls of the bench with a queue of this process.
 *
 * @param others what this queue alone is asked
 */
export function serveQueue(queue: Queue, others: Record<string, (argument: never) => unknown> = {}): void {
  let ran = 0
  let first = 0
  let waited: number[] = []
  const tell = (told: Ran): void => {
    if (ran === 0) first = told.first
    ran += told.tasks
    for (const ms of told.waited) waited.push(ms)
  }
  const forget = async (): Promise<void> => {
    await queue.clear()
    ran = 0
    waited = []
  }
  /** Waits until that many have been run and their ends are in the database. */
  const ended = async (tasks: number): Promise<number> => {
    const until = Date.now() + PATIENCE
    while (ran < tasks || (await queue.anyLeft())) {
      if (Date.now() > until) throw new Error(`${ran} of ${tasks} tasks were run within two minutes`)
      await sleep(5)
    }
    const end = now()
    if (ran !== tasks) throw new Error(`${ran} tasks were run, not ${tasks}`)
    return end
  }

  const sendMany = async ({ tasks }: { tasks: number }): Promise<Pace> => {
    await forget()
    return pace(tasks, () => queue.sendMany(tasks))
  }
  const sendOne = async ({ tasks }: { tasks: number }): Promise<Pace> => {
    await forget()
    let left = tasks
    const sender = async (): Promise<void> => {
      while (left-- > 0) await queue.sendOne(0)
    }
    return pace(tasks, async () => void (await Promise.all(Array.from({ length: 10 }, sender))))
  }
  const drain = async ({ setting, tasks }: Drain): Promise<Pace> => {
    await queue.rest()
    if (queue.standing) await queue.work(setting, tell)
    await forget()
    await queue.sendMany(tasks, true)
    await queue.analyze()
    const before = process.cpuUsage()
    if (!queue.standing) await queue.work(setting, tell)
    const seconds = ((await ended(tasks)) - first) / 1000
    const { user, system } = process.cpuUsage(before)
    await queue.rest()
    return { tasks, perSecond: tasks / seconds, cpuPerTask: (user + system) / tasks }
  }
  const latency = async ({ setting, tasks }: Drain): Promise<Latencies> => {
    await queue.rest()
    await forget()
    await queue.work(setting, tell)
    await sleep(500)
    const send: number[] = []
    const sent: Promise<unknown>[] = []
    const begun = now()
    for (let n = 0; n < tasks; n++) {
      await sleep(Math.max(0, begun + n * 10 - now()))
      const at = now()
      sent.push(queue.sendOne(at).then(() => send.push(now() - at)))
    }
    await Promise.all(sent)
    await ended(tasks)
    await queue.rest()
    return { sendToStart: waited, send }
  }
  const stream = async ({ setting, seconds }: Stream): Promise<Streamed> => {
    await queue.rest()
    await forget()
    await queue.work(setting, tell)
    let sent = 0
    let lastRan = 0
    const thirds: number[] = []
    const backlogs: number[] = []
    for (let third = 1; third <= 3; third++) {
      const begun = now()
      const until = begun + (seconds / 3) * 1000
      while (now() < until) {
        if (sent - ran > AHEAD) {
          await sleep(2)
          continue
        }
        await queue.sendMany(CHUNK)
        sent += CHUNK
      }
      thirds.push(((ran - lastRan) / (now() - begun)) * 1000)
      backlogs.push(sent - ran)
      lastRan = ran
    }
    await ended(sent)
    await queue.rest()
    return { thirds, backlogs }
  }
  answerCalls(
    { prepare: (url: string) => queue.prepare(url), sendMany, sendOne, drain, latency, stream, ...others },
    () => queue.stop(),
  )
}

async function pace(tasks: number, work: () => Promise<void>): Promise<Pace> {
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await work()
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { tasks, perSecond: tasks / seconds, cpuPerTask: (user + system) / tasks }
}
