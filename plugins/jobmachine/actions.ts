import type { Djet } from '../../core/index.ts'
import { DjetError } from '../../core/index.ts'
import { tellHooks } from './hooks.ts'
import { BATCH } from './jobs.ts'
import { DEFAULT_RETENTION } from './options.ts'
import { REOPEN } from './queue/batch.ts'
import { cancelIdle, cancelIdleOf, dropParcel } from './queue/cancel.ts'
import { MOST_ATTEMPTS } from './queue/claim.ts'
import { CHANNEL } from './queue/runner.ts'
import { settle } from './queue/settle.ts'
import { jobsOf } from './registry.ts'

interface Target {
  readonly id: number
  readonly class: string
  readonly status: number
}

async function target(djet: Djet, id: number): Promise<Target> {
  const [task] = await djet.query<Target>(
    `select t.task_id as id, c.name as class, t.status
     from jobmachine.task t join jobmachine.class c using (class_id) where t.task_id = $1 for no key update of t`,
    [id],
  )
  if (task) return task
  throw new DjetError('TASK_NOT_FOUND', `there is no task ${id}.`, { status: 404 })
}

/**
 * Lets a failed task run again, as a new attempt; errors and results of the old ones stay. Of a batch: all its
 * tasks that failed.
 *
 * @returns how many tasks wait again
 * @throws {DjetError} TASK_NOT_FOUND, 404; TASK_NOT_FAILED, 409
 */
export async function retryTask(djet: Djet, id: number): Promise<number> {
  return djet.transaction(async (djet) => {
    const task = await target(djet, id)
    const rows = await djet.query<{ id: number; attempt: number; parent: number | null }>(
      `update jobmachine.task
       set status = 0, run_after = now(), started = null, finished = null, remove_after = null, worker_id = null,
         attempt = least(attempt, ${MOST_ATTEMPTS}), cancelled = false, modified = now()
       where ${task.class === BATCH ? 'parent_id' : 'task_id'} = $1 and status = 900
       returning task_id as id, attempt, parent_id as parent`,
      [id],
    )
    if (rows.length === 0) {
      const what = task.class === BATCH ? `no task of batch ${id} has failed` : `task ${id} has not failed`
      throw new DjetError('TASK_NOT_FAILED', `${what}, so there is nothing to retry.`, { status: 409 })
    }
    const parents = [...new Set(rows.flatMap(({ parent }) => (parent === null ? [] : [parent])))]
    if (parents.length > 0) await djet.query(REOPEN, [parents])
    await notify(djet, CHANNEL.wake, '')
    await notify(djet, CHANNEL.task, String(id))
    await djet.audit({
      action: 'jobmachine.retry',
      subject: `task ${id}`,
      data: { class: task.class, tasks: rows.length },
    })
    await djet.afterCommit(() => tellHooks(djet.app, rows))
    return rows.length
  })
}

/**
 * Cancels a task: one that waits fails at once, one that runs gets its abort signal and fails when its function
 * gives up. One that is only shown as running, since a client wrote it so and no worker holds it, fails at once as well.
 * Of a batch: all its tasks, and itself when it has none.
 *
 * @throws {DjetError} TASK_NOT_FOUND, 404; TASK_OVER, 409
 */
export async function cancelTask(djet: Djet, id: number): Promise<void> {
  const by = djet.user ? `cancelled by ${djet.user.login}` : 'cancelled'
  const over = await djet.transaction(async (djet) => {
    const task = await target(djet, id)
    if (task.status >= 200) throw new DjetError('TASK_OVER', `task ${id} is over already.`, { status: 409 })
    const isBatch = task.class === BATCH
    const cancelled = await (isBatch ? cancelIdleOf(djet, id, by) : cancelIdle(djet, [id], by))
    if (!jobsOf(djet.app).has(task.class)) await dropParcel(djet, id)
    const running = await djet.query<{ id: number }>(
      `update jobmachine.task set cancelled = true, modified = now()
       where ${isBatch ? 'parent_id' : 'task_id'} = $1 and status = 100 returning task_id as id`,
      [id],
    )
    // One that still shows as waiting may be in a worker's hands already.
    const told = isBatch ? running.map((one) => one.id) : [id]
    for (const id of told) await notify(djet, CHANNEL.cancel, String(id))
    await notify(djet, CHANNEL.task, String(id))
    const tasks = cancelled.length + running.length
    await djet.audit({
      action: 'jobmachine.cancel',
      subject: `task ${id}`,
      data: { class: task.class, tasks },
    })
    await djet.afterCommit(() => tellHooks(djet.app, cancelled))
    return {
      parents: [id, ...cancelled.flatMap(({ parent }) => (parent === null ? [] : [parent]))],
      needed: cancelled.flatMap(({ needed }) => (needed === null ? [] : [needed])),
    }
  })
  await djet.afterCommit(async () =>
    tellHooks(djet.app, await settle(djet.app.database, over, DEFAULT_RETENTION)),
  )
}

async function notify(djet: Djet, channel: string, payload: string): Promise<void> {
  await djet.query('select pg_notify($1, $2)', [channel, payload])
}
