import type { Djet } from '../../../core/index.ts'
import { DjetError } from '../../../core/index.ts'
import { cancelTask, retryTask } from '../actions.ts'
import { type EndedAttempt, tellHooks } from '../hooks.ts'
import { BATCH } from '../jobs.ts'
import { DEFAULT_RETENTION } from '../options.ts'
import { REOPEN } from '../queue/batch.ts'
import { cancelIdle } from '../queue/cancel.ts'
import { MOST_ATTEMPTS } from '../queue/claim.ts'
import { CHANNEL } from '../queue/runner.ts'
import { settle } from '../queue/settle.ts'

/** What is done with many tasks. */
export type BulkAction = 'retry' | 'cancel'

interface Target {
  readonly id: number
  readonly class: string
}

/**
 * Retries or cancels tasks, as many as one statement should take; a batch with all its tasks. Those that are not in the
 * state for it, or ended again since, are left alone.
 *
 * @param by words for the error of a cancelled task
 * @param before only tasks that had failed by then are retried
 * @returns how many tasks were changed; a batch counts as one
 */
export async function applyTo(
  djet: Djet,
  action: BulkAction,
  targets: readonly Target[],
  { by, before = new Date() }: { by: string; before?: Date },
): Promise<number> {
  const ids = targets.filter((task) => task.class !== BATCH).map(({ id }) => id)
  let n =
    ids.length === 0 ? 0 : await (action === 'retry' ? retryAll(djet, ids, before) : cancelAll(djet, ids, by))
  for (const batch of targets.filter((task) => task.class === BATCH)) {
    try {
      await (action === 'retry' ? retryTask(djet, batch.id) : cancelTask(djet, batch.id))
      n++
    } catch (error) {
      if (!(error instanceof DjetError) || (error.status !== 409 && error.status !== 404)) throw error
    }
  }
  return n
}

async function retryAll(djet: Djet, ids: readonly number[], before: Date): Promise<number> {
  return djet.transaction(async (djet) => {
    const rows = await djet.query<{ parent: number | null } & EndedAttempt>(
      {
        name: 'jobmachine.retry_all',
        text: `
          with failed as materialized (
            select task_id from jobmachine.task
            where task_id = any ($1::bigint[]) and status + 0 = 900 and finished <= $2
            order by task_id for update
          )
          update jobmachine.task t
          set status = 0, run_after = now(), started = null, finished = null, remove_after = null, worker_id = null,
            attempt = least(t.attempt, ${MOST_ATTEMPTS}), cancelled = false, modified = now()
          from failed f where t.task_id = f.task_id
          returning t.task_id as id, t.attempt, t.parent_id as parent, pg_notify('${CHANNEL.task}', t.task_id::text)`,
      },
      [ids, before],
    )
    const parents = [...new Set(rows.flatMap(({ parent }) => (parent === null ? [] : [parent])))]
    if (parents.length > 0) await djet.query(REOPEN, [parents])
    await djet.afterCommit(() => tellHooks(djet.app, rows))
    return rows.length
  })
}

async function cancelAll(djet: Djet, ids: readonly number[], by: string): Promise<number> {
  const { ended, running } = await djet.transaction(async (djet) => {
    const ended = await cancelIdle(djet, ids, by)
    const running = await djet.query(
      {
        name: 'jobmachine.cancel_all_running',
        text: `
          update jobmachine.task set cancelled = true, modified = now()
          where task_id = any ($1::bigint[]) and status + 0 = 100 and not cancelled
          returning pg_notify('${CHANNEL.cancel}', task_id::text)`,
      },
      [ids],
    )
    return { ended, running }
  })
  const over = {
    parents: [...new Set(ended.flatMap(({ parent }) => (parent === null ? [] : [parent])))],
    needed: ended.flatMap(({ needed }) => (needed === null ? [] : [needed])),
  }
  await djet.afterCommit(() => tellHooks(djet.app, ended))
  await djet.afterCommit(async () =>
    tellHooks(djet.app, await settle(djet.app.database, over, DEFAULT_RETENTION)),
  )
  return ended.length + running.length
}
