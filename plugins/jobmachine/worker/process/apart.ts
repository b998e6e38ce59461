import { TaskAborted } from '../../error.ts'
import type { AnyJob } from '../../job.ts'
import type { Claimed } from '../../queue/claim.ts'
import type { Outcome } from '../attempt.ts'
import type { FromThread, ToThread } from '../messages.ts'

/** Has attempts run in processes, which the main thread of this one starts and ends. The side of the worker thread. */
export class Apart {
  readonly #tell: (message: FromThread) => void
  readonly #waiting = new Map<number, { began: () => void; over: (outcome: Outcome) => void }>()
  #runs = 0

  constructor(tell: (message: FromThread) => void) {
    this.#tell = tell
  }

  /**
   * Runs the function of a task in a process. Never throws.
   * @param began called when the function begins: until then its process may have to start
   */
  run(job: AnyJob, claimed: Claimed, signal: AbortSignal, began: () => void): Promise<Outcome> {
    const run = ++this.#runs
    return new Promise((resolve) => {
      const abort = (): void => {
        const { why, message } =
          signal.reason instanceof TaskAborted
            ? signal.reason
            : { why: 'cancelled' as const, message: 'cancelled' }
        this.#tell({ type: 'abandon', run, reason: { why, message } })
      }
      this.#waiting.set(run, {
        began,
        over: (outcome) => {
          signal.removeEventListener('abort', abort)
          this.#waiting.delete(run)
          resolve(outcome)
        },
      })
      const limit = claimed.timeout ?? job.timeout
      this.#tell({ type: 'order', order: { run, job: job.name, claimed, limit, memory: job.memory } })
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    })
  }

  hear(message: Extract<ToThread, { type: 'began' | 'outcome' }>): void {
    const waiting = this.#waiting.get(message.run)
    if (message.type === 'began') waiting?.began()
    else waiting?.over(message.outcome)
  }
}
