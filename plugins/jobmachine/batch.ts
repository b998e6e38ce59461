import type { z } from 'zod'
import type { Djet } from '../../core/index.ts'
import { tellHooks } from './hooks.ts'
import type { Job } from './job.ts'
import { BATCH } from './jobs.ts'
import { DEFAULT_RETENTION } from './options.ts'
import { taskUrl } from './path.ts'
import { settle } from './queue/settle.ts'
import { insertTasks, type SendOptions, type SentTask, titleOf } from './send.ts'

export interface Batch<S extends z.ZodType> {
  /** Title of the parent task. */
  title: string
  job: Job<S>
  /** Parameters of each task. */
  params: readonly z.input<S>[]
}

/**
 * Sends a task for each of the parameters and one parent task, all in one transaction. The parent is running
 * while its tasks are, says how many are done, and ends when all are over: finished with counts as result, or
 * failed when one of them failed. A failed one that is retried opens it again.
 *
 * @example
 * const batch = await sendBatch(djet, {
 *   title: 'Invoice all open orders', job: invoiceOrder, params: orders.map(({ id }) => ({ orderId: id })),
 * })
 * @returns the parent
 * @throws {DjetError} JOB_PARAMS_INVALID, 422
 */
export async function sendBatch<S extends z.ZodType>(
  djet: Djet,
  batch: Batch<S>,
  options: Omit<SendOptions, 'title' | 'unique'> = {},
): Promise<SentTask> {
  return djet.transaction(async (djet) => {
    const [parent] = await djet.query<{ id: number; node: string | null }>(
      `insert into jobmachine.task
         (class_id, title, parameters, status, attempt, started, reply, requested_by, priority)
       values (jobmachine.class_id($1), $2, $3, 100, 1, now(), $4, $5, $6)
       returning task_id as id, (select path from djet.node where basetype = 'jobmachine') as node`,
      [
        BATCH,
        titleOf(batch.title),
        JSON.stringify({ job: batch.job.name, tasks: batch.params.length }),
        options.reply ?? false,
        djet.user?.login ?? null,
        options.priority ?? batch.job.priority,
      ],
    )
    const { id, node } = parent!
    await insertTasks(djet, batch.job, batch.params, { ...options, reply: false }, id)
    if (batch.params.length === 0) {
      const ended = await settle(djet, { parents: [id], needed: [] }, DEFAULT_RETENTION)
      await djet.afterCommit(() => tellHooks(djet.app, ended))
    }
    return { id, url: taskUrl(node, id) }
  })
}
