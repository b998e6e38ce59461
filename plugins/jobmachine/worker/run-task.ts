import { performance } from 'node:perf_hooks'
import { attemptsOf, retryDelay } from '../backoff.ts'
import { TaskAborted } from '../error.ts'
import type { AnyJob } from '../job.ts'
import { keptFor } from '../kept.ts'
import type { Claimed } from '../queue/claim.ts'
import { storable } from '../thrown.ts'
import type { Abort } from './abort.ts'
import { type AttemptParts, type Outcome, runAttempt } from './attempt.ts'
import type { Ends } from './ends.ts'
import type { Apart } from './process/apart.ts'

export interface RunParts extends AttemptParts {
  readonly ends: Ends
  readonly apart: Apart
}

/**
 * Runs one attempt of a task, here or in a process, and hands its end over to be written. Never throws.
 *
 * @param began called when a function in a process begins
 * @returns milliseconds it took
 */
export async function runTask(
  parts: RunParts,
  job: AnyJob,
  claimed: Claimed,
  abort: Abort,
  began: () => void,
): Promise<number> {
  const start = performance.now()
  const outcome =
    job.isolation === 'process'
      ? await parts.apart.run(job, claimed, abort.signal, began)
      : await runAttempt(parts, job, claimed, abort)
  conclude(parts, job, claimed, abort, outcome)
  return performance.now() - start
}

function conclude(
  { ends, app, retention: usual }: RunParts,
  job: AnyJob,
  claimed: Claimed,
  abort: Abort,
  outcome: Outcome,
): void {
  const { id, turn, attempt } = claimed
  const { ran } = outcome
  if (outcome.end === 'committed') ends.settled(claimed, outcome.over)
  else if (outcome.end === 'lost') {
    app.log.warn(`task ${id} was taken from this worker before it ended; what it did is rolled back`)
    ends.settled(claimed, { parents: [], needed: [] })
  } else if (outcome.end === 'done') {
    const { result, announce } = outcome
    // All in one literal: a spread costs more than the rest of this function.
    const retention = keptFor('finished', job.retention, usual)
    ends.finished(claimed, { id, turn, attempt, ran, retention, result, announce })
  } else {
    const aborted = abort.reason instanceof TaskAborted ? abort.reason : undefined
    // Whoever takes the task, or gives it back, writes what is to be said of it.
    if (aborted?.why === 'lost' || aborted?.why === 'stopping') return
    const again = aborted ? aborted.why === 'timeout' : outcome.again
    const last = !again || attempt >= attemptsOf(claimed, job)
    const wait = outcome.soon ? shortDelay(attempt) : retryDelay(job, attempt)
    // Of a process that died it is what that wrote last.
    const stack = outcome.stack === null ? null : storable(outcome.stack, Number.POSITIVE_INFINITY)
    const error = aborted?.message ?? outcome.error
    const retention = keptFor('failed', job.retention, usual)
    ends.failed(claimed, { id, turn, attempt, ran, retention, error, stack, delay: last ? null : wait })
  }
}

/** Milliseconds until an attempt that another transaction was in the way of is repeated. */
function shortDelay(attempt: number): number {
  return 20 + Math.random() * 50 * Math.min(attempt, 10)
}
