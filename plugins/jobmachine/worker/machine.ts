import type { DjetApp } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'
import { clock } from '../clock.ts'
import { TaskAborted } from '../error.ts'
import { hooksIdle, tellHooks } from '../hooks.ts'
import type { AnyJob } from '../job.ts'
import { keptFor, type Retention } from '../kept.ts'
import { byOrder, type Claim, type Claimed } from '../queue/claim.ts'
import { classIds } from '../queue/classes.ts'
import { giveBack } from '../queue/hold.ts'
import { claimLimited } from '../queue/limited.ts'
import { onLocalWake, wakeWorkers } from '../queue/wake.ts'
import { Abort } from './abort.ts'
import { Ends } from './ends.ts'
import { Holdings } from './holdings.ts'
import { Lanes } from './lanes.ts'
import { Look, type Wanted } from './look.ts'
import { Prefetch } from './prefetch.ts'
import type { Apart } from './process/apart.ts'
import { Reporter } from './reporter.ts'
import { type RunParts, runTask } from './run-task.ts'
import { type Running, RunningTasks } from './running.ts'
import { Session } from './session.ts'
import type { Slots } from './slots.ts'

/** Milliseconds a function has for its own end after the abort signal before its thread is terminated. */
export const ABORT_GRACE = 500
/** Milliseconds for a process to be killed then. */
const KILLED = 700
/** Milliseconds between looks at time limits and at tasks that wait too long. */
const SWEEP = 100
/** Milliseconds a claimed task may wait here while all slots are busy. */
const LONGEST_WAIT = 500
/** Milliseconds after which a task shows as running. */
const SHOWN = 50
/** Milliseconds between two looks at the queue when nothing notifies, at least and at most. */
const POLL = [1000, 2000] as const

export interface MachineOptions {
  app: DjetApp
  apart: Apart
  /** Jobs it runs, by class. */
  jobs: ReadonlyMap<string, AnyJob>
  slots: Slots
  thread: number
  retention: Retention
  /** Claim ahead of what can start now, and write ends together. */
  prefetch: boolean
  onWorkerId: (workerId: number) => void
}

/** Milliseconds that hooks under way may take when the thread stops. */
const HOOKS_GRACE = 1000

/** One worker thread's part of the queue: claims tasks, runs several at once, writes their ends. */
export class Machine {
  readonly #options: MachineOptions
  readonly #session: Session
  readonly #reporter: Reporter
  readonly #ends: Ends
  /** When tasks are taken one by one. */
  readonly #lanes: Lanes | undefined
  readonly #parts: RunParts
  readonly #prefetch: Prefetch
  readonly #holdings = new Holdings()
  readonly #look: Look
  readonly #freeSlots: number[]
  readonly #running: RunningTasks
  #jobs = new Map<number, AnyJob>()
  /** Ids of classes with limits. */
  #limited: readonly number[] = []
  #held: Claimed[] = []
  #heldSince = 0
  #claiming: Promise<void> | undefined
  #woken = false
  /** Set when rows may be ours that we do not know of. */
  #resync = false
  #givingBack = false
  #stopping = false
  #poll: NodeJS.Timeout | undefined
  #sweep: NodeJS.Timeout | undefined
  #unlisten = (): void => {}

  constructor(options: MachineOptions) {
    this.#options = options
    const { app, apart, slots, thread, retention, jobs } = options
    this.#session = new Session({
      databaseUrl: app.directUrl,
      thread,
      classes: [...jobs.keys()],
      notices: app.notices,
      onConnected: (workerId, same) => this.#connected(workerId, same),
    })
    this.#look = new Look(this.#session)
    this.#running = new RunningTasks(this.#session, app.log)
    this.#reporter = new Reporter(this.#session, app.log)
    const lost = (): void => {
      this.#resync = true
    }
    this.#lanes = options.prefetch
      ? undefined
      : new Lanes({ databaseUrl: app.directUrl, thread, size: slots.size, onLost: lost })
    this.#ends = new Ends({
      session: this.#session,
      holdings: this.#holdings,
      retention: keptFor('failed', retention),
      log: app.log,
      onRetry: (delay) => void setTimeout(() => this.wake(), delay + 2).unref(),
      onEnded: (tasks) => {
        tellHooks(app, tasks)
        if (tasks.some((task) => this.#limited.includes(task.classId))) wakeWorkers(app)
      },
      onFollowed: (ended) => tellHooks(app, ended),
      singly: this.#lanes && {
        runner: this.#lanes,
        next: () => (this.#stopping || this.#resync || this.#givingBack || slots.seized ? null : this.#wants),
        onClaim: (got, workerId) => this.#took(got, workerId),
      },
    })
    this.#parts = {
      app,
      runner: this.#session,
      now: () => new Date(clock() + this.#session.ahead),
      reporter: this.#reporter,
      ends: this.#ends,
      apart,
      retention,
    }
    this.#prefetch = new Prefetch(slots.size)
    this.#freeSlots = Array.from({ length: slots.size }, (_, n) => n)
  }

  async start(): Promise<void> {
    await this.#session.open()
    const ids = await classIds(this.#session, [...this.#options.jobs.keys()])
    this.#jobs = new Map([...ids].map(([name, id]) => [id, this.#options.jobs.get(name)!]))
    this.#limited = [...this.#jobs].filter(([, { limits }]) => limits !== undefined).map(([id]) => id)
    this.#sweep = setInterval(() => this.#watch(), SWEEP)
    this.#unlisten = onLocalWake(this.#options.app, () => this.wake())
    this.wake()
  }

  /** There may be tasks. */
  wake(): void {
    this.#woken = true
    this.#fill()
  }

  /** Somebody cancelled this task. */
  cancel(id: number): void {
    this.#running.abort(id, new TaskAborted('cancelled', 'cancelled'))
  }

  /** The worker id was given up for dead while this thread did not answer. */
  async lost(workerId: number): Promise<void> {
    if (workerId === this.#session.workerId) await this.#session.renew()
  }

  /**
   * Claims nothing more, lets running tasks go on for a while, and gives back what is left.
   * @param grace milliseconds
   */
  async stop(grace: number): Promise<void> {
    this.#stopping = true
    this.#unlisten()
    clearTimeout(this.#poll)
    this.#held = []
    await this.#claiming
    await this.#giveBack()
    if (!(await this.#running.idleWithin(grace))) {
      this.#running.abortAll(new TaskAborted('stopping', 'the worker stops'))
      await this.#running.idleWithin(ABORT_GRACE)
      if (this.#inProcesses()) await this.#running.idleWithin(KILLED)
    }
    clearInterval(this.#sweep)
    await this.#reporter.flush()
    await this.#ends.drained()
    await hooksIdle(this.#options.app, HOOKS_GRACE)
    await this.#running.show(0)
    this.#running.clear()
    await this.#giveBack()
    await this.#session.query('update jobmachine.worker set ended = now() where worker_id = $1', [
      this.#session.workerId,
    ])
    await this.#lanes?.close()
    await this.#session.close()
  }

  #connected(workerId: number, same: boolean): void {
    if (!same) {
      this.#held = []
      this.#holdings.keeping([])
      this.#holdings.gaveBack()
      const lost = new TaskAborted('lost', 'the task was given to another worker')
      this.#running.abortAll(lost, (task) => task.workerId !== workerId)
      this.#options.onWorkerId(workerId)
    }
    this.#resync = true
    this.wake()
  }

  /** Starts what is held, and claims more when that is little. */
  #fill(): void {
    while (this.#freeSlots.length > 0) {
      const next = this.#held.pop()
      if (!next) break
      if (!this.#begin(next)) return
    }
    if (this.#stopping || this.#claiming || !this.#woken || this.#jobs.size === 0) return
    const wanted = this.#wanted()
    if (wanted > 0) this.#claiming = this.#claim(wanted)
  }

  get #wants(): Wanted {
    return { workerId: this.#session.workerId, classes: [...this.#jobs.keys()], limited: this.#limited }
  }

  #wanted(): number {
    if (this.#options.prefetch) return this.#prefetch.wanted(this.#running.size, this.#held.length)
    return Math.min(1, this.#freeSlots.length - this.#held.length - this.#ends.claiming)
  }

  /** A claim that came with the end of a task. */
  #took(got: Claim, workerId: number): void {
    if (this.#session.workerId !== workerId || this.#options.slots.seized || this.#stopping) {
      this.#resync = true
      this.wake()
      return
    }
    this.#hold(got)
    if (got.tasks.length === 0 || got.limited.length > 0) this.wake()
    else this.#fill()
  }

  async #claim(wanted: number): Promise<void> {
    this.#woken = false
    clearTimeout(this.#poll)
    const [least, most] = POLL
    let pause = least + Math.random() * (most - least)
    try {
      if (this.#resync || this.#options.slots.seized) {
        this.#resync = false
        await this.#giveBack()
        this.#options.slots.seized = false
      }
      const wants = this.#wants
      const { workerId } = wants
      const got = await this.#look.claim(wants, wanted)
      // Seized while the claim was under way: the main thread may have given these back.
      if (this.#session.workerId !== workerId) await giveBack(this.#session, workerId, [])
      else if (this.#options.slots.seized || this.#stopping) this.#resync = true
      else {
        this.#hold(got)
        pause = Math.min(pause, await this.#claimLimited(got.limited))
      }
      this.#fill()
      if (got.more || this.#resync) this.#woken = true
      else if (!this.#woken) pause = await this.#look.untilNext(wants, pause)
    } catch (error) {
      if (!this.#stopping) this.#options.app.log.error(`tasks could not be claimed: ${messageOf(error)}`)
    } finally {
      this.#claiming = undefined
      clearTimeout(this.#poll)
      if (!this.#stopping) this.#poll = setTimeout(() => this.wake(), pause)
    }
    this.#fill()
  }

  /**
   * Claims tasks of classes with limits, no more than can start now: what waits here takes room from others.
   * @returns milliseconds until one of them may start
   */
  async #claimLimited(classes: readonly number[]): Promise<number> {
    let wait = Number.POSITIVE_INFINITY
    const { workerId } = this.#session
    for (const id of classes) {
      const wanted = this.#freeSlots.length - this.#held.length
      if (wanted <= 0) break
      const got = await claimLimited(this.#session, id, this.#jobs.get(id)!.limits!, wanted, workerId)
      if (this.#session.workerId !== workerId) await giveBack(this.#session, workerId, [])
      else if (this.#options.slots.seized || this.#stopping) this.#resync = true
      else this.#hold(got)
      wait = Math.min(wait, got.wait ?? wait)
    }
    return wait
  }

  #hold(got: Claim): void {
    this.#holdings.took(got)
    if (got.tasks.length === 0) return
    // The next one last.
    this.#held = [...this.#held, ...got.tasks].sort(byOrder).reverse()
    this.#heldSince = clock()
  }

  /** False: what this thread holds has been seized. */
  #begin(claimed: Claimed): boolean {
    const job = this.#jobs.get(claimed.classId)!
    const limit = claimed.timeout ?? job.timeout
    const began = clock()
    // The main thread ends what is in a process, not the thread for its sake.
    const deadline = job.isolation === 'process' ? Number.POSITIVE_INFINITY : began + limit
    const slot = this.#freeSlots.pop()!
    const { slots } = this.#options
    const { id, turn, attempt } = claimed
    const last = deadline + ABORT_GRACE
    if (!slots.occupy(slot, id, turn, attempt, limit, last, began + this.#session.ahead)) {
      this.#freeSlots.push(slot)
      this.#held = []
      this.#resync = true
      this.wake()
      return false
    }
    const abort = new Abort()
    const running: Running = { claimed, abort, began, deadline, limit }
    this.#running.add(running)
    const begins = (): void => {
      running.deadline = clock() + limit
    }
    void runTask(this.#parts, job, claimed, abort, begins).then((took) => {
      slots.free(slot)
      this.#freeSlots.push(slot)
      this.#running.remove(id)
      this.#prefetch.took(took)
      this.#fill()
    })
    return true
  }

  #watch(): void {
    this.#running.abortOverdue()
    void this.#running.show(SHOWN)
    if (this.#options.slots.seized) {
      this.#held = []
      this.wake()
    } else if (
      this.#held.length > 0 &&
      this.#freeSlots.length === 0 &&
      clock() - this.#heldSince > LONGEST_WAIT
    ) {
      this.#held = []
      this.#prefetch.slow()
      this.#giveBack().catch((error: unknown) => {
        this.#options.app.log.warn(`tasks could not be given back yet: ${messageOf(error)}`)
      })
    }
  }

  /** Gives back all that is this worker's but neither runs here nor waits for its end to be written. */
  async #giveBack(): Promise<void> {
    // Claims that come with ends are on other connections.
    this.#givingBack = true
    while (this.#ends.claiming > 0) await new Promise((resolve) => setTimeout(resolve, 2))
    const known = [...this.#running.claimed(), ...this.#held, ...this.#ends.waiting()]
    this.#holdings.keeping(known)
    try {
      await giveBack(
        this.#session,
        this.#session.workerId,
        known.map((task) => task.id),
      )
      this.#holdings.gaveBack()
      this.#look.reset()
    } catch (error) {
      this.#resync = true
      throw error
    } finally {
      this.#givingBack = false
    }
  }

  #inProcesses(): boolean {
    return this.#running.claimed().some((task) => this.#jobs.get(task.classId)?.isolation === 'process')
  }
}
