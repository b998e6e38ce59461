import type { Djet } from '../../core/index.ts'
import { DjetError } from '../../core/index.ts'
import { type EndedAttempt, tellHooks } from './hooks.ts'
import { BATCH } from './jobs.ts'
import { DEFAULT_RETENTION } from './options.ts'
import { REOPEN } from './queue/batch.ts'
import { CHANNEL } from './queue/runner.ts'
import { settle } from './queue/settle.ts'

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
         cancelled = false, modified = now()
       where ${task.class === BATCH ? 'parent_id' : 'task_id'} = $1 and status = 900
       returning task_id as id, attempt, parent_id as parent`,
      [id],
    )
    if (rows.length === 0) {
      throw new DjetError('TASK_NOT_FAILED', `task ${id} has not failed, so there is nothing to retry.`, {
        status: 409,
      })
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
 * gives up. Of a batch: all its tasks.
 *
 * @throws {DjetError} TASK_NOT_FOUND, 404; TASK_OVER, 409
 */
export async function cancelTask(djet: Djet, id: number): Promise<void> {
  const by = djet.user ? `cancelled by ${djet.user.login}` : 'cancelled'
  const over = await djet.transaction(async (djet) => {
    const task = await target(djet, id)
    if (task.status >= 200) throw new DjetError('TASK_OVER', `task ${id} is over already.`, { status: 409 })
    const which = task.class === BATCH ? 'parent_id' : 'task_id'
    const cancelled = await djet.query<{ parent: number | null; needed: number | null } & EndedAttempt>(
      `with ended as (
         update jobmachine.task
         set status = 900, attempt = attempt + 1, cancelled = true, finished = now(), modified = now(),
           remove_after = coalesce(remove_after, now() + $3 * interval '1 millisecond')
         where ${which} = $1 and status = 0
         returning task_id, class_id, attempt, parent_id, reply, dependents
       ), tallied as (
         insert into jobmachine.tally_delta (class_id, status, kept, ended)
         select class_id, 900, count(*), 0 from ended group by class_id
       ), kept as (
         insert into jobmachine.attempt (task_id, attempt, error) select task_id, attempt, $2 from ended
       )
       select task_id as id, attempt, parent_id as parent, case when dependents then task_id end as needed, case when reply then pg_notify('jmr:' || task_id, task_id::text) end from ended`,
      [id, by, DEFAULT_RETENTION],
    )
    const running = await djet.query<{ id: number }>(
      `update jobmachine.task set cancelled = true, modified = now()
       where ${which} = $1 and status = 100 returning task_id as id`,
      [id],
    )
    // One that still shows as waiting may be in a worker's hands already.
    const told = task.class === BATCH ? running.map((one) => one.id) : [id]
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
