import type { EndedAttempt } from '../hooks.ts'
import { BATCH } from '../jobs.ts'
import { DEFAULT_RETENTION } from '../options.ts'
import { MOST_ATTEMPTS } from './claim.ts'
import { CHANNEL, type Runner } from './runner.ts'

/** A task that ended by being cancelled. */
export interface Cancelled extends EndedAttempt {
  readonly parent: number | null
  /** Its own id when others wait for it. */
  readonly needed: number | null
}

// Shown as running, and nobody is at work on it: a client wrote it so. A worker holds what it runs until the statement
// that ends it; a batch runs as long as it has tasks.
const UNHELD = `t.status + 0 = 100 and case
    when t.class_id = (select class_id from jobmachine.class where name = '${BATCH}')
    then not exists (select from jobmachine.task c where c.parent_id = any (array[t.task_id]))
    else not exists (select from jobmachine.held h where t.task_id = any (h.tasks) and h.turn = t.turn) end`

const cancelling = (which: string, more = ''): string => `
    with idle as materialized (
      select t.task_id from jobmachine.task t
      where ${which} and (t.status + 0 = 0 or ${UNHELD})
      order by t.task_id for update
    ), ended as (
      update jobmachine.task t
      set status = 900, attempt = least(t.attempt + 1, ${MOST_ATTEMPTS}), cancelled = true, finished = now(),
        modified = now(), remove_after = coalesce(t.remove_after, now() + $3 * interval '1 millisecond')
      from idle i where t.task_id = i.task_id
      returning t.task_id, t.class_id, t.attempt, t.parent_id, t.reply, t.dependents
    ), tallied as (
      insert into jobmachine.tally_delta (class_id, status, kept, ended)
      select class_id, 900, count(*), 0 from ended group by class_id
    ), kept as (
      insert into jobmachine.attempt (task_id, attempt, error) select task_id, attempt, $2 from ended
      on conflict (task_id, attempt) do update set error = excluded.error, ended = excluded.ended
    )
    select task_id as id, attempt, parent_id as parent, case when dependents then task_id end as needed,
      case when reply then pg_notify('jmr:' || task_id, task_id::text) end${more}
    from ended`

const MANY = {
  name: 'jobmachine.cancel_all',
  text: cancelling(
    't.task_id = any ($1::bigint[])',
    `,
      pg_notify('${CHANNEL.task}', task_id::text)`,
  ),
}

/**
 * Fails those of the tasks as cancelled that nobody is at work on: that wait, or are shown as running since a client
 * wrote so. Their pages are told. Those that run are left alone.
 *
 * @param by words for the error
 */
export async function cancelIdle(
  runner: Runner,
  ids: readonly number[],
  by: string,
): Promise<readonly Cancelled[]> {
  return runner.query<Cancelled>(MANY, [ids, by, DEFAULT_RETENTION])
}

// Without a name: each batch has its plan, one of ten tasks another than one of 100,000.
const BATCH_OF = cancelling('(t.parent_id = $1 or t.task_id = $1)')

/** The same for all tasks of a batch, and for the batch itself when it waits or has no tasks: a client wrote it. */
export async function cancelIdleOf(runner: Runner, batch: number, by: string): Promise<readonly Cancelled[]> {
  return runner.query<Cancelled>(BATCH_OF, [batch, by, DEFAULT_RETENTION])
}

/**
 * Drops the parcel of a task that waited for a worker which never comes: no plugin brings its job. Others throw it away
 * when they come to it.
 */
export async function dropParcel(runner: Runner, id: number): Promise<void> {
  await runner.query(
    `delete from jobmachine.ready r using jobmachine.task t
     where t.task_id = $1 and r.class_id = t.class_id and r.priority = t.priority and r.run_after = t.run_after
       and r.tasks = array[t.task_id]`,
    [id],
  )
}
