import type { Logger } from 'pino'
import { messageOf } from '../../../core/index.ts'
import type { Claimed } from '../queue/claim.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { type Done, dropHeld, type Ended, type Failed, fail, finish } from '../queue/end.ts'
import { type Over, settle } from '../queue/settle.ts'
import type { Holdings } from './holdings.ts'
import type { Session } from './session.ts'

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
  #done: Waiting<Done>[] = []
  #failed: Waiting<Failed>[] = []
  #settled: Settled[] = []
  #inFlight: Claimed[] = []
  #writing: Promise<void> | undefined

  /**
   * @param options.onRetry a failed task comes back in so many milliseconds
   * @param options.onEnded ends of these tasks have been written
   */
  constructor(options: {
    session: Session
    holdings: Holdings
    retention: number
    log: Logger
    onRetry: (delay: number) => void
    onEnded: (tasks: readonly Claimed[]) => void
  }) {
    this.#session = options.session
    this.#holdings = options.holdings
    this.#retention = options.retention
    this.#log = options.log
    this.#onRetry = options.onRetry
    this.#onEnded = options.onEnded
  }

  finished(task: Claimed, end: Done): void {
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
    return [...this.#done.map((w) => w.task), ...this.#failed.map((w) => w.task), ...this.#inFlight]
  }

  /** Resolves when all ends are written. */
  async drained(): Promise<void> {
    while (this.#writing) await this.#writing
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
        if (failed.length > 0) await this.#together(failed, fail)
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
    await this.#together(done, finish, ({ task, end }, error) => {
      const { id, turn, attempt, ran, retention } = end
      const message = `its result could not be stored: ${messageOf(error)}`
      this.#failed.push({
        task,
        end: { id, turn, attempt, ran, retention, error: message, stack: null, delay: null },
      })
    })
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
      const { n, parents, needed } = await write(
        this.#session,
        this.#session.workerId,
        ends.map((w) => w.end),
        drained,
      )
      if (n < ends.length)
        this.#log.warn(`${ends.length - n} tasks were taken from this worker before they ended`)
      this.#onEnded(tasks)
      await settle(this.#session, { parents, needed }, this.#retention)
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
      await settle(this.#session, { parents: [...parents], needed }, this.#retention)
    } catch (error) {
      // Nothing is lost: housekeeping ends the batches, and parcels go with their worker.
      this.#log.error({ err: error }, 'parcels and batches of tasks that are over could not be settled yet')
    }
  }

  #mine<T extends { readonly task: Claimed }>(waiting: readonly T[]): T[] {
    return waiting.filter((w) => w.task.workerId === this.#session.workerId)
  }
}
