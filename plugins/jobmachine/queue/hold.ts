import type { Runner } from './runner.ts'

const GIVE_BACK = {
  name: 'jobmachine.give_back',
  text: `
    with mine as materialized (
      select held_id, turn, tasks from jobmachine.held where worker_id = $1
    ), back as (
      update jobmachine.task t
      set status = 0, turn = t.turn + 1, worker_id = null, started = null, modified = now(),
        attempt = t.attempt - case when t.status = 100 then 1 else 0 end
      from mine m
      where t.task_id = any (m.tasks) and t.turn = m.turn and t.status + 0 in (0, 100)
        and not (t.task_id = any ($2::bigint[]))
      returning 1
    ), gone as (
      delete from jobmachine.held h using mine m
      where h.held_id = any (array[m.held_id]) and not (m.tasks && $2::bigint[])
    ), cut as (
      update jobmachine.held h set tasks = array(select id from unnest(h.tasks) as id where id = any ($2::bigint[]))
      from mine m
      where h.held_id = any (array[m.held_id]) and m.tasks && $2::bigint[] and not (m.tasks <@ $2::bigint[])
    )
    select count(*)::int as n from back`,
}

/**
 * Gives all tasks of a worker back, as if it had never claimed them, except those it still has in hand. They get
 * their next turn, so that nothing an earlier holder writes is kept.
 *
 * @returns how many went back
 */
export async function giveBack(runner: Runner, workerId: number, keep: readonly number[]): Promise<number> {
  const [row] = await runner.query<{ n: number }>(GIVE_BACK, [workerId, keep])
  return row?.n ?? 0
}

/** A task that a worker has claimed and not ended. */
export interface Held {
  readonly id: number
  readonly classId: number
  readonly turn: number
  /** The attempt under way. */
  readonly attempt: number
  readonly maxAttempts: number | null
}

const HELD = {
  name: 'jobmachine.held',
  text: `
    select t.task_id as id, t.class_id as "classId", t.turn, t.max_attempts as "maxAttempts",
      t.attempt + case when t.status = 100 then 0 else 1 end as attempt
    from jobmachine.held h, jobmachine.task t
    where h.worker_id = $1 and t.task_id = any (h.tasks) and t.turn = h.turn and t.status + 0 in (0, 100)
    order by t.task_id + 0
    for no key update of t`,
}

/** What a worker holds; locked until the end of the transaction. */
export async function heldBy(runner: Runner, workerId: number): Promise<Held[]> {
  return runner.query<Held>(HELD, [workerId])
}

/** A task that runs long enough to be shown. */
export interface Running {
  readonly id: number
  readonly turn: number
  readonly attempt: number
  /** When it began: epoch milliseconds of the database's clock. */
  readonly began: number
}

const SHOW = {
  name: 'jobmachine.show',
  text: `
    with running as materialized (
      select * from unnest($2::bigint[], $3::int[], $4::int[], $5::float8[]) as r (task_id, turn, attempt, began)
    ), shown as (
      update jobmachine.task t
      set status = 100, attempt = r.attempt, worker_id = $1, modified = now(),
        started = greatest(t.run_after, to_timestamp(r.began / 1000))
      from running r
      where t.task_id = any (array[r.task_id]) and t.turn = r.turn and t.status + 0 = 0
      returning t.task_id
    )
    select pg_notify('jobmachine_task', task_id::text) from shown`,
}

/**
 * Writes that tasks are running. The queue does not need it: a task that is over within moments never shows as
 * running, and costs one update less.
 */
export async function showRunning(
  runner: Runner,
  workerId: number,
  running: readonly Running[],
): Promise<void> {
  await runner.query(SHOW, [
    workerId,
    running.map((r) => r.id),
    running.map((r) => r.turn),
    running.map((r) => r.attempt),
    running.map((r) => r.began),
  ])
}

/** Workers that have ended and still hold tasks, from a claim that was under way at their end. */
export async function endedHolders(runner: Runner): Promise<number[]> {
  const rows = await runner.query<{ id: number }>({
    name: 'jobmachine.ended_holders',
    text: `
      select distinct h.worker_id as id from jobmachine.held h
      where not exists (select from jobmachine.worker w where w.worker_id = h.worker_id and w.ended is null)`,
  })
  return rows.map((row) => row.id)
}
