import type { Runner } from './runner.ts'

/** Tasks of one statement. */
export const BATCH_SIZE = 500

/**
 * Removes a bounded number of tasks whose time is over, with their results, files, attempts and log.
 * @returns how many went
 */
export async function removeOld(runner: Runner): Promise<number> {
  const rows = await runner.query(
    {
      name: 'jobmachine.remove_old',
      text: `
        with old as materialized (
          select task_id from jobmachine.task
          where status >= 200 and remove_after < now()
          order by remove_after limit $1 for update skip locked
        )
        delete from jobmachine.task t using old where t.task_id = old.task_id
        returning 1`,
    },
    [BATCH_SIZE],
  )
  return rows.length
}

/** Removes the rows of workers that ended long ago. */
export async function removeOldWorkers(runner: Runner): Promise<void> {
  await runner.query("delete from jobmachine.worker where ended < now() - interval '30 days'")
}
