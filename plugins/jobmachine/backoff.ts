import type { AnyJob } from './job.ts'

const HOUR = 3_600_000

/**
 * Milliseconds to wait after a failed attempt: the job's first wait, doubled each time, at most an hour, ± 25 % so
 * that tasks that failed together do not come back together.
 *
 * @param attempt the one that failed, from 1
 */
export function retryDelay(job: Pick<AnyJob, 'backoff'>, attempt: number): number {
  const wait = Math.min(job.backoff * 2 ** Math.min(attempt - 1, 30), HOUR)
  return wait * (0.75 + Math.random() / 2)
}

/** Attempts a task has in all. */
export function attemptsOf(
  task: { readonly maxAttempts: number | null },
  job: Pick<AnyJob, 'retries'>,
): number {
  return task.maxAttempts ?? job.retries + 1
}
