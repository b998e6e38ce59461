import { setTimeout as sleep } from 'node:timers/promises'
import Bree from 'bree'
import type { DjetApp, Stop } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'
import { clock } from '../clock.ts'
import { timeoutMessage } from '../error.ts'
import { tellHooks } from '../hooks.ts'
import type { AnyJob } from '../job.ts'
import { keptFor } from '../kept.ts'
import type { Settings } from '../options.ts'
import { classIds } from '../queue/classes.ts'
import { giveBack, showRunning } from '../queue/hold.ts'
import { beat, type Policies, reapWorker, WORKER_DIED } from '../queue/reap.ts'
import { CHANNEL } from '../queue/runner.ts'
import { settle } from '../queue/settle.ts'
import { isOwnWake, onLocalWake } from '../queue/wake.ts'
import { jobsOf, requireJob } from '../registry.ts'
import { storable } from '../thrown.ts'
import { ABORT_GRACE } from '../worker/places.ts'
import { ProcessPool } from '../worker/process/pool.ts'
import type { SlotTask } from '../worker/slots.ts'
import { Housekeeping } from './housekeeping.ts'
import { countStarting } from './starting.ts'
import { Waking } from './waking.ts'
import { type Death, WorkerThread } from './worker-thread.ts'

/** Milliseconds between looks at time limits; between pings and heartbeats. */
const LOOK = 100
const PULSE = 1000
/** Milliseconds without an answer: held tasks are given to others; an idle thread is replaced; a start has failed. */
const STUCK = 2000
const HUNG = 30_000
const SLOW_START = 60_000
/** Milliseconds after which a terminated thread that is not dead is taken to be in native code. */
const NATIVE = 300
/** Milliseconds beyond the grace period after which a thread that should stop is terminated. */
const LAST_CALL = 1500

export interface WorkerOptions extends Pick<Settings, 'threads' | 'concurrency' | 'grace' | 'retention'> {
  /** See `jobmachine({ prefetch })`; true when absent. */
  prefetch?: boolean
  /** How far the threads step back for the rest of the process: see `jobmachine({ nice })`; 0 when absent. */
  nice?: number
  /** Classes they run; all the site knows when absent. */
  classes?: readonly string[] | undefined
}

/**
 * Starts worker threads and keeps them: Bree makes the threads, this restarts those that die, terminates those
 * that overrun a time limit, and does the housekeeping. What it returns stops everything within the grace period
 * and a second or two.
 *
 * @throws {DjetError} JOB_TWICE, JOB_UNKNOWN
 */
export async function startWorkers(app: DjetApp, options: WorkerOptions): Promise<Stop> {
  const jobs = jobsOf(app)
  for (const name of options.classes ?? []) requireJob(jobs, name)
  const ids = await classIds(app.database, [...jobs.keys()])
  const policies: Policies = {
    jobs: new Map([...ids].map(([name, id]): [number, AnyJob] => [id, jobs.get(name)!])),
    retention: options.retention,
  }
  const supervisor = new Supervisor(app, options, policies)
  await supervisor.start()
  return () => supervisor.stop()
}

class Supervisor {
  readonly #app: DjetApp
  readonly #options: WorkerOptions
  readonly #policies: Policies
  readonly #threads: WorkerThread[]
  readonly #processes: ProcessPool
  readonly #housekeeping: Housekeeping
  readonly #crashes = new Map<WorkerThread, number>()
  /** What the log said last of the death of a thread: a database that is away is mentioned once. */
  readonly #said = new Map<WorkerThread, string>()
  #timers: NodeJS.Timeout[] = []
  #stopping: Promise<void> | undefined
  readonly #reaping = new Set<Promise<void>>()
  readonly #unlisten: (() => void)[] = []

  constructor(app: DjetApp, options: WorkerOptions, policies: Policies) {
    this.#app = app
    this.#options = options
    this.#policies = policies
    const bree = new Bree({ root: false, jobs: [], logger: false, errorHandler: () => {} })
    const { dir } = app.config
    const { databaseUrl, directUrl } = app
    const { retention } = options
    const onNotice = (reason: string): void => app.notices.notice(reason)
    this.#processes = new ProcessPool({ dir, databaseUrl, directUrl, retention }, onNotice)
    this.#threads = Array.from(
      { length: options.threads },
      (_, n) =>
        new WorkerThread(
          bree,
          this.#processes,
          options.concurrency,
          {
            dir,
            databaseUrl,
            directUrl,
            thread: n + 1,
            classes: options.classes,
            retention,
            prefetch: options.prefetch ?? true,
            nice: options.nice ?? 0,
          },
          onNotice,
        ),
    )
    this.#housekeeping = new Housekeeping(app, policies)
  }

  async start(): Promise<void> {
    const isStarting = (thread: WorkerThread): boolean => thread.alive && thread.workerId === 0
    countStarting(this.#app, () => this.#threads.filter(isStarting).length)
    await this.#listen()
    for (const thread of this.#threads) await this.#run(thread)
    this.#timers = [setInterval(() => this.#look(), LOOK), setInterval(() => void this.#pulse(), PULSE)]
    this.#housekeeping.start()
  }

  /** One connection listens for all threads of the process. */
  async #listen(): Promise<void> {
    const { listen } = this.#app
    const waking = new Waking(this.#threads)
    const wake = (): void => waking.wake()
    const heard = (payload: string): void => {
      if (!isOwnWake(this.#app, payload)) wake()
    }
    this.#unlisten.push(
      () => waking.stop(),
      onLocalWake(this.#app, wake),
      await listen.listen(CHANNEL.wake, heard),
    )
    const reload = (): void => {
      for (const thread of this.#threads) thread.basetypes()
    }
    this.#unlisten.push(
      await listen.listen('djet_basetype', reload),
      listen.onGap(reload),
      listen.onGap(wake),
      await listen.listen(CHANNEL.cancel, (id) => {
        for (const thread of this.#threads) thread.cancel(Number(id))
      }),
    )
    // Clients of Job::Machine notify the channel of the class.
    for (const name of this.#options.classes ?? jobsOf(this.#app).keys()) {
      if (Buffer.byteLength(name) < 60) this.#unlisten.push(await listen.listen(`jm:${name}`, wake))
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const { grace } = this.#options
    const housekeeping = this.#housekeeping.stop()
    await Promise.all(
      this.#threads.map((thread) =>
        thread.workerId > 0
          ? thread.stop(grace, grace + ABORT_GRACE + LAST_CALL)
          : thread.terminate('stopped while starting'),
      ),
    )
    await this.#processes.stop()
    for (const timer of this.#timers) clearInterval(timer)
    for (const unlisten of this.#unlisten) unlisten()
    await Promise.all([housekeeping, ...this.#reaping])
  }

  async #run(thread: WorkerThread): Promise<void> {
    await thread.start((death) => {
      const reaping = this.#bury(thread, death).finally(() => this.#reaping.delete(reaping))
      this.#reaping.add(reaping)
    })
  }

  /** The thread is dead: its tasks are settled, and a new one takes its place. */
  async #bury(thread: WorkerThread, death: Death): Promise<void> {
    const now = clock()
    const overdue = death.tasks.filter((task) => task.deadline <= now)
    const stopping = this.#stopping !== undefined
    try {
      if (death.workerId > 0) {
        const blamed = new Map(
          overdue.length > 0 || stopping
            ? overdue.map((task): [number, string] => [task.id, timeoutMessage(task.limit)])
            : death.tasks.map((task): [number, string] => [
                task.id,
                `${WORKER_DIED}: ${storable(death.reason)}`,
              ]),
        )
        // One that was stuck could not say when it had begun.
        await showRunning(this.#app.database, death.workerId, death.tasks)
        const over = await reapWorker(this.#app.database, this.#policies, death.workerId, blamed)
        tellHooks(this.#app, over.failed)
        const kept = keptFor('failed', this.#policies.retention)
        tellHooks(this.#app, await settle(this.#app.database, over, kept))
      }
    } catch (error) {
      // Housekeeping finds the worker without its lock and does the same later.
      this.#app.log.warn(`tasks of worker ${death.workerId} could not be revived yet: ${messageOf(error)}`)
    }
    if (stopping) return
    const crashes =
      overdue.length > 0 || now - thread.startedAt > 60_000 ? 0 : (this.#crashes.get(thread) ?? 0) + 1
    this.#crashes.set(thread, crashes)
    if (overdue.length === 0 && (crashes <= 1 || this.#said.get(thread) !== death.reason)) {
      const tasks = death.tasks.map((task) => task.id)
      const facts = { ...(death.error === undefined ? {} : { err: death.error }), tasks }
      this.#app.log.error(facts, `worker thread ${thread.name} died: ${death.reason}`)
    }
    this.#said.set(thread, death.reason)
    const wait = crashes <= 1 ? 0 : Math.min(10_000, 100 * 2 ** crashes)
    setTimeout(() => {
      if (this.#stopping) return
      this.#run(thread).catch((error: unknown) => {
        this.#app.log.error(`worker thread ${thread.name} could not be started: ${messageOf(error)}`)
      })
    }, wait)
  }

  /** A thread that does not answer: what it runs is shown for it, what it has not started goes to others. */
  async #seize(thread: WorkerThread): Promise<void> {
    thread.slots.seized = true
    const running = thread.slots.occupied()
    await giveBack(
      this.#app.database,
      thread.workerId,
      running.map((task) => task.id),
    )
    await showRunning(this.#app.database, thread.workerId, running)
  }

  /** Terminates threads with a task beyond its time limit. */
  #look(): void {
    const now = clock()
    for (const thread of this.#threads) {
      if (!thread.alive || thread.reason !== '') continue
      const overdue = thread.slots.occupied().filter((task) => task.deadline <= now)
      if (overdue.length === 0) continue
      void this.#terminate(thread, overdue)
    }
  }

  async #terminate(thread: WorkerThread, overdue: readonly SlotTask[]): Promise<void> {
    const list = overdue.map((task) => task.id).join(', ')
    const { log, database } = this.#app
    log.warn(`worker thread ${thread.name} is ended: time limit of task ${list}`)
    const { workerId } = thread
    const dead = thread.terminate(`time limit of task ${list}`)
    await Promise.race([dead, sleep(NATIVE)])
    if (!thread.alive) return
    log.warn(
      `worker thread ${thread.name} ends when its native code returns; until then task ${list} counts as running. ` +
        `Its job needs isolation: 'process'.`,
    )
    // Nothing of the thread's own runs again, so the others need not wait for its death.
    await this.#processes.leave(thread)
    const ids = overdue.map((task) => task.id)
    await giveBack(database, workerId, ids).catch((error: unknown) => {
      log.warn(`tasks of worker ${workerId} could not be given to others yet: ${messageOf(error)}`)
    })
  }

  async #pulse(): Promise<void> {
    const now = clock()
    for (const thread of this.#threads) {
      if (!thread.alive) continue
      thread.ping()
      const silent = now - thread.answeredAt
      const busy = thread.slots.occupied()
      if (thread.workerId === 0) {
        if (silent > SLOW_START) void thread.terminate('did not start within a minute')
      } else if (busy.length === 0) {
        if (silent > HUNG) void thread.terminate('does not answer')
      } else if (silent > STUCK) {
        await this.#seize(thread).catch(() => {
          // Again at the next pulse.
        })
      }
    }
    const alive = this.#threads.filter((thread) => thread.alive && thread.workerId > 0)
    if (alive.length === 0) return
    try {
      const beaten = new Set(
        await beat(
          this.#app.database,
          alive.map((thread) => thread.workerId),
        ),
      )
      for (const thread of alive) if (!beaten.has(thread.workerId)) thread.lost(thread.workerId)
    } catch {
      // The log of the database pool has said it; threads find out by themselves.
    }
  }
}
