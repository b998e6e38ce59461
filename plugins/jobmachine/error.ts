import { DjetError } from '../../core/index.ts'
import { inWords } from './duration.ts'

/** Statuses below 500 that may well go away by themselves. */
const PASSING = new Set([408, 409, 423, 425, 429])

/**
 * Thrown by a model function to say that trying again is of no use: the task fails at once.
 *
 * @example
 * throw new JobFailed('the file has no column "Order number"')
 */
export class JobFailed extends DjetError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('JOB_FAILED', message, { ...options, status: 422 })
    this.name = 'JobFailed'
  }
}

/** Why the signal of a running task aborted. */
export class TaskAborted extends DjetError {
  readonly why: 'timeout' | 'cancelled' | 'lost' | 'stopping'

  constructor(why: 'timeout' | 'cancelled' | 'lost' | 'stopping', message: string) {
    super(`TASK_${why.toUpperCase()}`, message, { status: 503, expose: true })
    this.name = 'TaskAborted'
    this.why = why
  }
}

/** The words of a time limit that has passed. */
export function timeoutMessage(limit: number): string {
  return `timeout: not done after ${inWords(limit)}`
}

/**
 * Whether another attempt may succeed. A DjetError with a status below 500 says that the input or the state is
 * wrong and will be wrong next time; except conflicts, locks and limits (408, 409, 423, 425, 429).
 */
export function worthRetrying(error: unknown): boolean {
  return !(error instanceof DjetError) || error.status >= 500 || PASSING.has(error.status)
}
