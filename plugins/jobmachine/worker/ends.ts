import type { Logger } from 'pino'
import { messageOf } from '../../../core/index.ts'
import type { EndedAttempt } from '../hooks.ts'
import type { Claimed } from '../queue/claim.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import {
  type Done,
  dropHeld,
  type Ended,
  endAndClaim,
  type Failed,
  fail,
  finish,
  type OneClaim,
  type WantedOne,
} from '../queue/end.ts'
import type { Runner } from '../queue/runner.ts'
import { type Over, settle } from '../queue/settle.ts'
import type { Holdings } from './holdings.ts'
import type { Session } from './session.ts'

/** How tasks that are taken one by one are ended: each by itself, with the claim of the next one. */
export interface Singly {
  readonly runner: Runner
  /** What to claim; null: nothing more now. */
  next(): WantedOne | null
  /** @param took milliseconds, with the end of the task */
  onClaim(claim: OneClaim, workerId: number, took: number): void
}

interface Waiting<T> {
  readonly task: Claimed
  readonly end: T
}

/** A task whose end is in the database already. */
interface Settled {
  readonly task: Claimed
  readonly over: Over
}

/**
 * Writes the ends of tasks: at once when nothing is being written, else all that came meanwhile together. Idle,
 * a task's end waits for nothing; under load they go out by the hundred.
 */
export class Ends {
  readonly #session: Session
  readonly #log: Logger
  readonly #holdings: Holdings
  readonly #retention: number
  readonly #onRetry: (delay: number) => void
  readonly #onEnded: (tasks: readonly Claimed[]) => void
  readonly #onFollowed: (ended: readonly EndedAttempt[]) => void
  #done: Waiting<Done>[] = []
  #failed: Waiting<Failed>[] = []
  #settled: Settled[] = []
  #inFlight: Claimed[] = []
  readonly #singly: Singly | undefined
  /** Ends that are written one by one just now. */
  readonly #singles = new Map<Claimed, Promise<void>>()
  /** Claims that come with them. */
  claiming = 0
  #writing: Promise<void> | undefined

  /**
   * @param options.onRetry a failed task comes back in so many milliseconds
   * @param options.onEnded ends of these tasks have been written
   * @param options.onFollowed these ended by that: batches, and tasks that waited for one that failed
   */
  constructor(options: {
    session: Session
    holdings: Holdings
    retention: number
    log: Logger
    onRetry: (delay: number) => void
    onEnded: (tasks: readonly Claimed[]) => void
    onFollowed: (ended: readonly EndedAttempt[]) => void
    singly?: Singly | undefined
  }) {
    this.#session = options.session
    this.#holdings = options.holdings
    this.#retention = options.retention
    this.#log = options.log
    this.#onRetry = options.onRetry
    this.#onEnded = options.onEnded
    this.#onFollowed = options.onFollowed
    this.#singly = options.singly
  }

  finished(task: Claimed, end: Done): void {
    if (this.#singly) {
      this.#singles.set(
        task,
        this.#finishOne(this.#singly, { task, end }).finally(() => this.#singles.delete(task)),
      )
      return
    }
    this.#done.push({ task, end })
    this.#writing ??= this.#write()
  }

  failed(task: Claimed, end: Failed): void {
    this.#failed.push({ task, end })
    this.#writing ??= this.#write()
  }

  /** Its end has been written with its own transaction, or is not for this worker to write. */
  settled(task: Claimed, over: Over): void {
    this.#settled.push({ task, over })
    this.#writing ??= this.#write()
  }

  /** Tasks whose end is not written yet. */
  waiting(): Claimed[] {
    return [
      ...this.#done.map((w) => w.task),
      ...this.#failed.map((w) => w.task),
      ...this.#inFlight,
      ...this.#singles.keys(),
    ]
  }

  /** Resolves when all ends are written. */
  async drained(): Promise<void> {
    while (this.#writing || this.#singles.size > 0) {
      await this.#writing
      await Promise.all(this.#singles.values())
    }
  }

  async #write(): Promise<void> {
    try {
      // The tasks that end in this turn of the event loop go together.
      await new Promise(setImmediate)
      while (this.#done.length > 0 || this.#failed.length > 0 || this.#settled.length > 0) {
        const done = this.#mine(this.#done)
        const failed = this.#mine(this.#failed)
        this.#done = []
        this.#failed = []
        this.#inFlight = [...done, ...failed].map((w) => w.task)
        if (done.length > 0) await this.#finish(done)
        if (failed.length > 0)
          await this.#together(failed, fail, (end, error) => this.#unwritable(end, error))
        for (const { end } of failed) if (end.delay !== null) this.#onRetry(end.delay)
        this.#inFlight = []
        await this.#settle(this.#mine(this.#settled.splice(0)))
      }
      const left = this.#holdings.takeDrained()
      if (left.length > 0) await dropHeld(this.#session, this.#session.workerId, left)
    } finally {
      this.#inFlight = []
      this.#writing = undefined
    }
  }

  async #finish(done: readonly Waiting<Done>[]): Promise<void> {
    await this.#together(done, finish, (end, error) => this.#failed.push(unstorable(end, error)))
  }

  /** Without the words that the database refuses; if that is refused as well, whoever buries this worker ends it. */
  #unwritable({ task, end }: Waiting<Failed>, error: unknown): void {
    if (end.error.startsWith(UNSTORABLE)) return
    this.#failed.push({ task, end: { ...end, error: `${UNSTORABLE}: ${messageOf(error)}`, stack: null } })
  }

  async #finishOne(singly: Singly, waiting: Waiting<Done>): Promise<void> {
    const { task, end } = waiting
    const { workerId } = task
    const next = singly.next()
    const drained = this.#holdings.ending([task])
    try {
      if (next === null) {
        await this.#written([task], await finish(singly.runner, workerId, [end], drained))
        return
      }
      this.claiming++
      const began = performance.now()
      const { ended, claim } = await endAndClaim(singly.runner, workerId, end, drained, next).finally(
        () => this.claiming--,
      )
      singly.onClaim(claim, workerId, performance.now() - began)
      await this.#written([task], ended)
    } catch (error) {
      this.#holdings.notEnded([task], drained)
      this.#log.error({ err: error, tasks: [task.id] }, 'the end of a task could not be written')
      if (isConnectionError(error)) return
      const failed = unstorable(waiting, error)
      this.failed(failed.task, failed.end)
    }
  }

  async #written(tasks: readonly Claimed[], { n, parents, needed }: Ended): Promise<void> {
    if (n < tasks.length) {
      this.#log.warn(`${tasks.length - n} tasks were taken from this worker before they ended`)
    }
    this.#onEnded(tasks)
    this.#onFollowed(await settle(this.#session, { parents, needed }, this.#retention))
  }

  /** All in one statement; when that is refused, one by one, so that a bad one spoils no other. */
  async #together<T extends Done | Failed>(
    ends: readonly Waiting<T>[],
    write: (session: Session, workerId: number, ends: readonly T[], drained: number[]) => Promise<Ended>,
    refused?: (end: Waiting<T>, error: unknown) => void,
  ): Promise<void> {
    const tasks = ends.map((w) => w.task)
    const drained = this.#holdings.ending(tasks)
    try {
      const ended = await write(
        this.#session,
        this.#session.workerId,
        ends.map((w) => w.end),
        drained,
      )
      await this.#written(tasks, ended)
    } catch (error) {
      this.#holdings.notEnded(tasks, drained)
      if (isConnectionError(error) || ends.length === 1) {
        this.#log.error(
          { err: error, tasks: tasks.map((task) => task.id) },
          'ends of tasks could not be written',
        )
        if (ends.length === 1) refused?.(ends[0]!, error)
        return
      }
      for (const end of ends) await this.#together([end], write, refused)
    }
  }

  async #settle(settled: readonly Settled[]): Promise<void> {
    if (settled.length === 0) return
    const tasks = settled.map((s) => s.task)
    const drained = this.#holdings.ending(tasks)
    try {
      if (drained.length > 0) await dropHeld(this.#session, this.#session.workerId, drained)
      this.#onEnded(tasks)
      const parents = new Set(settled.flatMap((s) => s.over.parents))
      const needed = settled.flatMap((s) => s.over.needed)
      this.#onFollowed(await settle(this.#session, { parents: [...parents], needed }, this.#retention))
    } catch (error) {
      // Nothing is lost: housekeeping ends the batches, and parcels go with their worker.
      this.#log.error({ err: error }, 'parcels and batches of tasks that are over could not be settled yet')
    }
  }

  #mine<T extends { readonly task: Claimed }>(waiting: readonly T[]): T[] {
    return waiting.filter((w) => w.task.workerId === this.#session.workerId)
  }
}

const UNSTORABLE = 'it failed, and its error could not be stored'

function unstorable({ task, end }: Waiting<Done>, error: unknown): Waiting<Failed> {
  const { id, turn, attempt, ran, retention } = end
  const message = `its result could not be stored: ${messageOf(error)}`
  return { task, end: { id, turn, attempt, ran, retention, error: message, stack: null, delay: null } }
}
