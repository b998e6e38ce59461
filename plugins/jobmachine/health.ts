import type { DjetApp } from '../../core/index.ts'
import { livingWorkers } from './metrics.ts'
import { oldestWaiting } from './queue/oldest.ts'

/** How the job machine is. */
export interface Health {
  readonly status: 'ok' | 'unavailable'
  /** Worker threads that live, on all machines. */
  readonly workers: number
  /** Seconds the oldest task of a class that does not pause has been due and not begun; null: none is due. */
  readonly oldestWaiting: number | null
  /** What is wrong, in words. */
  readonly problems: readonly string[]
}

/**
 * Whether tasks are being done: somebody works, and none has been due for longer than `maxWait` milliseconds.
 */
export async function healthOf(app: DjetApp, maxWait: number): Promise<Health> {
  const [workers, oldest] = await Promise.all([livingWorkers(app), oldestWaiting(app.database)])
  const age = oldest.size > 0 ? Math.max(...oldest.values()) : null
  const problems: string[] = []
  if (workers === 0) problems.push('no worker lives')
  if (age !== null && age * 1000 > maxWait) {
    problems.push(
      `the oldest task has been due for ${Math.round(age)} s, more than ${Math.round(maxWait / 1000)} s`,
    )
  }
  return { status: problems.length === 0 ? 'ok' : 'unavailable', workers, oldestWaiting: age, problems }
}
