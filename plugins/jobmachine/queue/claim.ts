import type { Runner } from './runner.ts'

/** A task as its worker holds it. */
export interface Claimed {
  readonly id: number
  readonly classId: number
  readonly attempt: number
  /** JSON text, as stored. */
  readonly parameters: string | null
  readonly maxAttempts: number | null
  /** Milliseconds; null: the job's own. */
  readonly timeout: number | null
  readonly priority: number
  /** The worker that claimed it: one number for each life of a thread. */
  readonly workerId: number
}

type Row = [number, number, number, string | null, number | null, number | null, number]

/**
 * Takes the first ready tasks. The levels are the priorities in use, found one index probe each, so that tasks
 * of the future at a better priority are not walked through; ids are materialised before the update, or the
 * planner may claim more than was asked for.
 */
const CLAIM = {
  name: 'jobmachine.claim',
  text: `
    with recursive level (priority) as (
      (select t.priority from jobmachine.task t where t.status = 0 order by t.priority limit 1)
      union all
      select (select t.priority from jobmachine.task t
              where t.status = 0 and t.priority > l.priority order by t.priority limit 1)
      from level l where l.priority is not null
    ), candidate as materialized (
      select ready.task_id
      from level l, lateral (
        select t.task_id from jobmachine.task t
        where t.status = 0 and t.priority = l.priority and t.run_after <= now() and t.class_id = any ($1::int[])
        order by t.run_after, t.task_id
        limit $2 for update skip locked
      ) as ready
      limit $2
    ), claimed as (
      update jobmachine.task t
      set status = 100, attempt = t.attempt + 1, worker_id = $3, started = now(), modified = now()
      from candidate c
      where t.task_id = c.task_id
      returning t.task_id, t.class_id, t.attempt, t.parameters, t.max_attempts, t.timeout, t.priority
    )
    select json_agg(json_build_array(task_id, class_id, attempt, parameters, max_attempts, timeout, priority))::text
      as tasks
    from claimed`,
}

/**
 * Claims up to `limit` ready tasks of the given classes for a worker, in order of priority and age.
 *
 * @param classes ids of the classes it runs
 */
export async function claim(
  runner: Runner,
  classes: readonly number[],
  limit: number,
  workerId: number,
): Promise<Claimed[]> {
  const [row] = await runner.query<{ tasks: string | null }>(CLAIM, [classes, limit, workerId])
  if (!row?.tasks) return []
  const claimed = (JSON.parse(row.tasks) as Row[]).map(
    ([id, classId, attempt, parameters, maxAttempts, timeout, priority]): Claimed => ({
      id,
      classId,
      attempt,
      parameters,
      maxAttempts,
      timeout,
      priority,
      workerId,
    }),
  )
  return claimed.sort((a, b) => a.priority - b.priority || a.id - b.id)
}

const NEXT_DUE = {
  name: 'jobmachine.next_due',
  text: `
    with recursive level (priority) as (
      (select t.priority from jobmachine.task t where t.status = 0 order by t.priority limit 1)
      union all
      select (select t.priority from jobmachine.task t
              where t.status = 0 and t.priority > l.priority order by t.priority limit 1)
      from level l where l.priority is not null
    )
    select (extract(epoch from min(due.run_after) - clock_timestamp()) * 1000)::float8 as ms
    from level l, lateral (
      select t.run_after from jobmachine.task t
      where t.status = 0 and t.priority = l.priority and t.run_after > now() and t.run_after < 'infinity'
      order by t.run_after limit 1
    ) as due`,
}

/** Milliseconds until the next waiting task may run; null when none waits for its time. */
export async function nextDue(runner: Runner): Promise<number | null> {
  const [row] = await runner.query<{ ms: number | null }>(NEXT_DUE)
  return row?.ms ?? null
}

/** Running tasks of one worker, one index probe a class. */
const OF_WORKER = `
  select t.task_id, t.class_id, t.attempt, t.max_attempts, t.priority
  from jobmachine.class c, lateral (
    select r.* from jobmachine.task r
    where r.class_id = c.class_id and r.status = 100 and r.worker_id = $1 for update
  ) as t`

const GIVE_BACK = {
  name: 'jobmachine.give_back',
  text: `
    with mine as materialized (${OF_WORKER}),
    back as (
      update jobmachine.task t
      set status = 0, attempt = t.attempt - 1, worker_id = null, started = null, modified = now()
      from mine m
      where t.task_id = m.task_id and not (t.task_id = any ($2::bigint[]))
      returning 1
    )
    select count(*)::int as n, case when count(*) > 0 then pg_notify('jobmachine', '') end from back`,
}

/**
 * Gives all tasks of a worker back, as if it had never claimed them, except those it still has in hand.
 * @returns how many went back
 */
export async function giveBack(runner: Runner, workerId: number, keep: readonly number[]): Promise<number> {
  const [row] = await runner.query<{ n: number }>(GIVE_BACK, [workerId, keep])
  return row?.n ?? 0
}

const HELD = { name: 'jobmachine.held', text: OF_WORKER.replace(' for update', '') }

/** A running task, as housekeeping sees it. */
export interface Held {
  readonly task_id: number
  readonly class_id: number
  readonly attempt: number
  readonly max_attempts: number | null
}

/** The running tasks of a worker. */
export async function heldBy(runner: Runner, workerId: number): Promise<Held[]> {
  return runner.query<Held>(HELD, [workerId])
}
