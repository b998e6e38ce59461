import { setTimeout as sleep } from 'node:timers/promises'
import type { Djet } from '../../core/index.ts'
import { DjetError } from '../../core/index.ts'
import { type Duration, inWords, milliseconds } from './duration.ts'
import { isOver, type Status, statusWord } from './status.ts'
import { readResult } from './view.ts'

/** How a task ended. */
export interface Outcome {
  readonly id: number
  readonly status: Status
  /** Of the last attempt, when it failed. */
  readonly error: string | null
  /** Values of its results, oldest first; of a file its name, type and size. */
  readonly results: readonly unknown[]
}

/**
 * Waits until a task is over. For tests and the command line; a page shows progress instead.
 *
 * @param options.timeout 30s when absent
 * @throws {DjetError} TASK_NOT_FOUND, 404; TASK_WAIT_TIMEOUT, 504
 */
export async function waitFor(
  djet: Djet,
  id: number,
  options: { timeout?: Duration; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const limit = milliseconds(options.timeout ?? '30s', 'timeout of waitFor')
  const until = Date.now() + limit
  let wake = (): void => {}
  const unlisten = await djet.app.listen.listen(`jmr:${id}`, () => wake())
  try {
    // Clients of Job::Machine get a reply by default, tasks of `send` only when asked for. Workers are woken once
    // more: a claim passes over a row that is locked, as this one is for a moment.
    await djet.query(
      `with asked as (
         update jobmachine.task set reply = true where task_id = $1 and status < 200 and not reply returning status
       )
       select pg_notify('jobmachine', '') from asked where status = 0`,
      [id],
    )
    for (;;) {
      const outcome = await outcomeOf(djet, id)
      if (isOver(outcome.status)) return outcome
      options.signal?.throwIfAborted()
      const left = until - Date.now()
      if (left <= 0) {
        throw new DjetError(
          'TASK_WAIT_TIMEOUT',
          `task ${id} is still ${outcome.status} after ${inWords(limit)}.`,
          {
            status: 504,
          },
        )
      }
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(Math.min(left, 500))])
    }
  } finally {
    unlisten()
  }
}

async function outcomeOf(djet: Djet, id: number): Promise<Outcome> {
  const [row] = await djet.query<{ status: number; error: string | null; results: (string | null)[] }>(
    `select t.status,
       (select a.error from jobmachine.attempt a where a.task_id = t.task_id order by a.attempt desc limit 1) as error,
       array(select r.result from jobmachine.result r where r.task_id = t.task_id order by r.result_id) as results
     from jobmachine.task t where t.task_id = $1`,
    [id],
  )
  if (!row) throw new DjetError('TASK_NOT_FOUND', `there is no task ${id}.`, { status: 404 })
  const status = statusWord(row.status)
  return {
    id,
    status,
    error: status === 'failed' ? row.error : null,
    results: row.results.map(readResult),
  }
}
