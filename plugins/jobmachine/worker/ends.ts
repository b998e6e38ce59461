import type { Logger } from 'pino'
import { messageOf } from '../../../core/index.ts'
import { settleBatches } from '../queue/batch.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { type Done, type Ended, type Failed, fail, finish } from '../queue/end.ts'
import type { Session } from './session.ts'

interface Waiting<T> {
  readonly workerId: number
  readonly end: T
}

/**
 * Writes the ends of tasks: at once when nothing is being written, else all that came meanwhile together. Idle,
 * a task's end waits for nothing; under load they go out by the hundred.
 */
export class Ends {
  readonly #session: Session
  readonly #log: Logger
  readonly #retention: number
  readonly #onRetry: (delay: number) => void
  #done: Waiting<Done>[] = []
  #failed: Waiting<Failed>[] = []
  #inFlight: number[] = []
  #writing: Promise<void> | undefined

  /** @param options.onRetry a failed task comes back in so many milliseconds */
  constructor(options: {
    session: Session
    retention: number
    log: Logger
    onRetry: (delay: number) => void
  }) {
    this.#session = options.session
    this.#retention = options.retention
    this.#log = options.log
    this.#onRetry = options.onRetry
  }

  finished(workerId: number, end: Done): void {
    this.#done.push({ workerId, end })
    this.#writing ??= this.#write()
  }

  failed(workerId: number, end: Failed): void {
    this.#failed.push({ workerId, end })
    this.#writing ??= this.#write()
  }

  /** Tasks whose end is not written yet. */
  waiting(): number[] {
    return [...this.#done.map((w) => w.end.id), ...this.#failed.map((w) => w.end.id), ...this.#inFlight]
  }

  /** Resolves when all ends are written. */
  async drained(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  async #write(): Promise<void> {
    try {
      // The tasks that end in this turn of the event loop go together.
      await new Promise(setImmediate)
      while (this.#done.length > 0 || this.#failed.length > 0) {
        const done = this.#mine(this.#done)
        const failed = this.#mine(this.#failed)
        this.#done = []
        this.#failed = []
        this.#inFlight = [...done, ...failed].map((end) => end.id)
        const { workerId } = this.#session
        if (done.length > 0) await this.#finish(workerId, done)
        if (failed.length > 0) await this.#together(failed, (ends) => fail(this.#session, workerId, ends))
        for (const { delay } of failed) if (delay !== null) this.#onRetry(delay)
        this.#inFlight = []
      }
    } finally {
      this.#inFlight = []
      this.#writing = undefined
    }
  }

  async #finish(workerId: number, done: readonly Done[]): Promise<void> {
    const write = (ends: readonly Done[]): Promise<Ended> => finish(this.#session, workerId, ends)
    await this.#together(done, write, (end, error) => {
      const { id, attempt, retention } = end
      const message = `its result could not be stored: ${messageOf(error)}`
      this.#failed.push({
        workerId,
        end: { id, attempt, retention, error: message, stack: null, delay: null },
      })
    })
  }

  /** All in one statement; when that is refused, one by one, so that a bad one spoils no other. */
  async #together<T extends { readonly id: number }>(
    ends: readonly T[],
    write: (ends: readonly T[]) => Promise<Ended>,
    refused?: (end: T, error: unknown) => void,
  ): Promise<void> {
    try {
      const { n, parents } = await write(ends)
      if (n < ends.length)
        this.#log.warn(`${ends.length - n} tasks were taken from this worker before they ended`)
      await settleBatches(this.#session, parents, this.#retention)
    } catch (error) {
      if (isConnectionError(error) || ends.length === 1) {
        this.#log.error(
          { err: error, tasks: ends.map((end) => end.id) },
          'ends of tasks could not be written',
        )
        if (ends.length === 1) refused?.(ends[0]!, error)
        return
      }
      for (const end of ends) await this.#together([end], write, refused)
    }
  }

  #mine<T>(waiting: readonly Waiting<T>[]): T[] {
    return waiting.filter((w) => w.workerId === this.#session.workerId).map((w) => w.end)
  }
}
