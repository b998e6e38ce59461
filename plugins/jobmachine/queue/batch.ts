import { BATCH } from '../jobs.ts'
import type { Runner } from './runner.ts'

const SETTLE = {
  name: 'jobmachine.settle',
  text: `
    with parent as materialized (
      select p.task_id, p.attempt, p.started, p.reply,
        (select count(*) from jobmachine.task c where c.parent_id = any (array[p.task_id]) and c.status = 200) as done,
        (select count(*) from jobmachine.task c where c.parent_id = any (array[p.task_id]) and c.status = 900) as failed
      from jobmachine.task p
      where p.task_id = any ($1::bigint[]) and p.status + 0 = 100 and p.class_id = jobmachine.class_id('${BATCH}')
        and not exists (select from jobmachine.task c where c.parent_id = any (array[p.task_id]) and c.status in (0, 100))
      for no key update of p
    ), ended as (
      update jobmachine.task t
      set status = case when p.failed = 0 then 200 else 900 end, finished = now(), modified = now(),
        remove_after = now() + $2::float8 * interval '1 millisecond'
      from parent p
      where t.task_id = any (array[p.task_id]) and t.status + 0 = 100
      returning t.task_id, t.class_id, t.status, t.dependents, p.attempt, p.started, p.reply, p.done, p.failed
    ), tallied as (
      insert into jobmachine.tally_delta (class_id, status, kept, ended)
      select class_id, status, count(*), 0 from ended group by class_id, status
    ), old as (
      delete from jobmachine.result r using ended e where r.task_id = any (array[e.task_id])
    ), new as (
      insert into jobmachine.result (task_id, result, resulttype)
      select task_id, json_build_object('data',
        json_build_object('tasks', done + failed, 'finished', done, 'failed', failed))::text, 'application/json'
      from ended
    ), attempts as (
      insert into jobmachine.attempt (task_id, attempt, started, error)
      select task_id, attempt, started, failed || ' of ' || done + failed || ' tasks failed' from ended where failed > 0
      on conflict (task_id, attempt) do update set error = excluded.error, ended = excluded.ended
    )
    select task_id::float8 as id, attempt, dependents, pg_notify('jobmachine_task', task_id::text),
      case when reply then pg_notify('jmr:' || task_id, task_id::text) end
    from ended`,
}

// The one that was not over at the last look, or the next one behind it that waits. Compared by whole keys: see `PLANS`.
const NOT_OVER = {
  name: 'jobmachine.not_over',
  text: `
    select b.id::float8 as id, coalesce(
      (select c.task_id from jobmachine.task c
       where c.task_id = b.child and c.parent_id + 0 = b.id and c.status + 0 in (0, 100)),
      (select c.task_id from jobmachine.task c
       where c.parent_id is not null and (c.parent_id, c.status, c.task_id) > (b.id, 0, b.child)
         and (c.parent_id, c.status, c.task_id) < (b.id, 1, 0)
       order by c.parent_id, c.status, c.task_id limit 1)
    )::float8 as child
    from unnest($1::bigint[], $2::bigint[]) as b (id, child)`,
}

/** A task of each batch that was not over when it was looked at last, by the id of the batch. */
const notOver = new WeakMap<Runner, Map<number, number>>()
/** Batches to remember that of. */
const MANY = 1000

/**
 * Those of the batches that have no task waiting behind the one that was not over last time. While a transaction somewhere
 * keeps an old snapshot, who looks for one from the beginning steps over all that ended since.
 */
async function perhapsOver(runner: Runner, parents: readonly number[]): Promise<number[]> {
  const known = notOver.get(runner) ?? new Map<number, number>()
  if (known.size > MANY) known.clear()
  notOver.set(runner, known)
  const rows = await runner.query<{ id: number; child: number | null }>(NOT_OVER, [
    parents,
    parents.map((id) => known.get(id) ?? 0),
  ])
  const over: number[] = []
  for (const { id, child } of rows) {
    if (child !== null) known.set(id, child)
    else {
      known.delete(id)
      over.push(id)
    }
  }
  return over
}

/**
 * Ends those of the given batches whose tasks are all over: finished, or failed when one of them did. Call it
 * after the end of a child has been committed, so that of two last children one sees the other.
 *
 * @param retention milliseconds the batch is kept
 * @returns batches that ended
 */
export async function settleBatches(
  runner: Runner,
  parents: readonly number[],
  retention: number,
): Promise<EndedBatch[]> {
  if (parents.length === 0) return []
  const over = await perhapsOver(runner, parents)
  return over.length === 0 ? [] : runner.query<EndedBatch>(SETTLE, [over, retention])
}

/** A batch whose tasks are all over. */
export interface EndedBatch {
  readonly id: number
  readonly attempt: number
  /** Other tasks wait for it. */
  readonly dependents: boolean
}

/** Batches that are still running, oldest first: housekeeping looks at them again. */
export async function openBatches(runner: Runner): Promise<number[]> {
  const rows = await runner.query<{ id: number }>({
    name: 'jobmachine.open_batches',
    text: `select task_id as id from jobmachine.task
      where class_id = (select class_id from jobmachine.class where name = '${BATCH}') and status = 100
      order by task_id limit 1000`,
  })
  return rows.map((row) => row.id)
}

/** Lets a batch run again after one of its tasks was sent back to work. */
export const REOPEN = {
  name: 'jobmachine.reopen',
  text: `
    with over as materialized (
      select p.task_id, p.class_id, p.status from jobmachine.task p
      where p.task_id = any ($1::bigint[]) and p.status + 0 >= 200
        and p.class_id = (select class_id from jobmachine.class where name = '${BATCH}')
      for no key update
    ), tallied as (
      insert into jobmachine.tally_delta (class_id, status, kept, ended)
      select class_id, status, -count(*), 0 from over group by class_id, status
    )
    update jobmachine.task p
    set status = 100, attempt = p.attempt + 1, finished = null, remove_after = null, modified = now()
    from over where p.task_id = any (array[over.task_id])`,
}
