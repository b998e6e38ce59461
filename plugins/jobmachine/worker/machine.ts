import type { DjetApp } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'
import { clock } from '../clock.ts'
import { TaskAborted } from '../error.ts'
import { hooksIdle, tellHooks } from '../hooks.ts'
import type { AnyJob } from '../job.ts'
import { keptFor, type Retention } from '../kept.ts'
import type { Claim } from '../queue/claim.ts'
import { classIds } from '../queue/classes.ts'
import type { WantedOne } from '../queue/end.ts'
import { giveBack } from '../queue/hold.ts'
import { claimLimited } from '../queue/limited.ts'
import { onLocalWake, wakeWorkers } from '../queue/wake.ts'
import { Ends } from './ends.ts'
import { Held } from './held.ts'
import { Holdings } from './holdings.ts'
import { Lanes } from './lanes.ts'
import { Look, type Wanted } from './look.ts'
import { ABORT_GRACE, Places } from './places.ts'
import { Prefetch } from './prefetch.ts'
import type { Apart } from './process/apart.ts'
import { Reporter } from './reporter.ts'
import { RunningTasks } from './running.ts'
import { Session } from './session.ts'
import type { Slots } from './slots.ts'

/** Milliseconds for a process to be killed then. */
const KILLED = 700
/** Milliseconds between looks at time limits and at tasks that wait too long. */
const SWEEP = 100
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
  readonly #prefetch: Prefetch
  readonly #holdings = new Holdings()
  readonly #look: Look
  readonly #held = new Held()
  readonly #places: Places
  readonly #running: RunningTasks
  #jobs = new Map<number, AnyJob>()
  /** Ids of classes with limits. */
  #limited: readonly number[] = []
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
        next: () => this.#nextSingly(),
        onClaim: (got, workerId, took) => {
          this.#look.tookSingly(got, took)
          this.#took(got, workerId)
        },
      },
    })
    this.#prefetch = new Prefetch(slots.size)
    const session = this.#session
    this.#places = new Places({
      slots,
      running: this.#running,
      parts: {
        app,
        runner: session,
        now: () => new Date(clock() + session.ahead),
        reporter: this.#reporter,
        ends: this.#ends,
        apart,
        retention,
      },
      ahead: () => session.ahead,
      onOver: (took) => {
        this.#prefetch.took(took)
        this.#fill()
      },
    })
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
    this.#held.drop()
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
      this.#held.drop()
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
    while (this.#places.free > 0) {
      const next = this.#held.next()
      if (!next) break
      if (!this.#places.begin(this.#jobs.get(next.classId)!, next)) {
        this.#held.drop()
        this.#resync = true
        this.wake()
        return
      }
    }
    if (this.#stopping || this.#claiming || !this.#woken || this.#jobs.size === 0) return
    const wanted = this.#wanted()
    if (wanted > 0) this.#claiming = this.#claim(wanted)
  }

  get #wants(): Wanted {
    return { workerId: this.#session.workerId, classes: [...this.#jobs.keys()], limited: this.#limited }
  }

  #wanted(): number {
    if (this.#options.prefetch) return this.#prefetch.wanted(this.#running.size, this.#held.size)
    const free = this.#places.free - this.#held.size - this.#ends.claiming
    return this.#look.singly ? Math.min(1, free) : free
  }

  /** What to claim with the end of a task. */
  #nextSingly(): WantedOne | null {
    if (this.#stopping || this.#resync || this.#givingBack || this.#options.slots.seized) return null
    if (this.#look.singly) return { ...this.#wants, alone: this.#look.alone }
    // By itself, then, when the place of the task is free.
    this.#woken = true
    return null
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
      const wanted = this.#places.free - this.#held.size
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
    this.#held.add(got.tasks)
  }

  #watch(): void {
    this.#running.abortOverdue()
    void this.#running.show(SHOWN)
    if (this.#options.slots.seized) {
      this.#held.drop()
      this.wake()
    } else if (this.#places.free === 0 && this.#held.tooLong) {
      this.#held.drop()
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
    const { workerId } = this.#session
    // What it ran under an earlier number is not its own any more.
    const known = [...this.#running.claimed(), ...this.#held.all(), ...this.#ends.waiting()].filter(
      (task) => task.workerId === workerId,
    )
    this.#holdings.keeping(known)
    try {
      await giveBack(
        this.#session,
        workerId,
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
