import { FROM_START, type Front, type Since } from './fronts.ts'
import type { Runner } from './runner.ts'

/** The highest attempt there is: what a client may write at most. Later ones keep that number. */
export const MOST_ATTEMPTS = 1_000_000

/** A task as its worker holds it. */
export interface Claimed {
  readonly id: number
  readonly classId: number
  /** Fences what its worker writes: see `Holder`. */
  readonly turn: number
  /** The attempt that begins with this claim, from 1. */
  readonly attempt: number
  /** JSON text, as stored. */
  readonly parameters: string | null
  readonly maxAttempts: number | null
  /** Milliseconds; null: the job's own. */
  readonly timeout: number | null
  readonly priority: number
  /** The parcel it came in. */
  readonly heldId: number
  /** The worker that claimed it: one number for each life of a thread. */
  readonly workerId: number
}

/** What a claim brought. */
export interface Claim {
  /** First to run first. */
  readonly tasks: readonly Claimed[]
  /** Ids of the parcels now held, also of those whose tasks turned out to be over. */
  readonly parcels: readonly number[]
  /** There was more than was taken. */
  readonly more: boolean
  /** Classes with limits that have ready tasks: see `claimLimited`. */
  readonly limited: readonly number[]
  /** The first parcel of each class and priority, as it was before. */
  readonly fronts: readonly Front[]
}

/** A task as claim statements give it: id, class, turn, attempt, parameters, attempts at most, limit, priority, parcel. */
export type TaskRow = readonly [
  number,
  number,
  number,
  number,
  string | null,
  number | null,
  number | null,
  number,
  number,
]

/**
 * The classes and priorities that have parcels, with the first parcel of each: one index probe each. Tasks of the
 * future are stepped over, however many they are, and so are the classes that this worker does not run: from the first
 * of those the next probe goes to a class that it does. A probe begins where
 * `Fronts` says, so that it does not step over dead rows before it: parameters $1 to $6 are those of `since`.
 */
const FRONTS = `
    pair (class_id, priority, run_after, ready_id, to_class, to_priority) as (
      select k.class_id, k.priority, first.run_after, first.ready_id, k.to_class, k.to_priority
      from unnest($1::int[], $2::smallint[], $3::timestamptz[], $4::bigint[], $5::int[], $6::smallint[])
          as k (class_id, priority, run_after, ready_id, to_class, to_priority)
        left join lateral (
          select r.run_after, r.ready_id from jobmachine.ready r
          where r.class_id = k.class_id and r.priority = k.priority
            and (r.run_after, r.ready_id) >= (k.run_after, k.ready_id)
          order by r.run_after, r.ready_id limit 1
        ) as first on true
      union all
      select next.*, p.to_class, p.to_priority
      from pair p
        cross join lateral (
          select case when here then p.class_id else (select min(c) - 1 from unnest($7::int[]) as c where c > p.class_id) end
              as class_id,
            case when here then p.priority else 32767::smallint end as priority
          from (select p.class_id = any ($7::int[]) as here) as it
        ) as after,
        lateral (
          select r.class_id, r.priority, r.run_after, r.ready_id from jobmachine.ready r
          where (r.class_id, r.priority) > (after.class_id, after.priority)
            and (r.class_id, r.priority) < (p.to_class, p.to_priority)
          order by r.class_id, r.priority, r.run_after, r.ready_id limit 1
        ) as next
    ), front as (
      select p.class_id, p.priority, p.run_after, p.ready_id
      from pair p
      where p.class_id = any ($7::int[]) and p.ready_id is not null
        and exists (select from jobmachine.class c where c.class_id = p.class_id and not c.paused)
    )`

/** Two comparisons for one equality: see `PLANS`. */
const SAME_PARCEL = `(r.class_id, r.priority, r.run_after, r.ready_id) >= (t.class_id, t.priority, t.run_after, t.ready_id)
        and (r.class_id, r.priority, r.run_after, r.ready_id) <= (t.class_id, t.priority, t.run_after, t.ready_id)`

/**
 * Moves the first ready parcels to `held`, the last one in part when it is more than is wanted, and reads their
 * tasks. Candidates are materialised before they are changed, or the planner may take more than was asked for.
 */
const CLAIM = {
  name: 'jobmachine.claim',
  text: `
    with recursive ${FRONTS}, candidate as materialized (
      select parcel.*
      from (
        select * from front where run_after <= now() and class_id <> all ($11::int[]) order by priority, run_after
      ) as f, lateral (
        select r.class_id, r.priority, r.run_after, r.ready_id, r.turn, r.limit_key, r.tasks
        from jobmachine.ready r
        where r.class_id = f.class_id and r.priority = f.priority and r.run_after <= now()
          and (r.run_after, r.ready_id) >= (f.run_after, f.ready_id)
        order by r.run_after, r.ready_id
        limit $9 for update skip locked
      ) as parcel
      limit $9
    ), counted as (
      select c.*, sum(cardinality(c.tasks)) over (order by c.priority, c.run_after, c.ready_id)
        - cardinality(c.tasks) as before
      from candidate c
    ), taken as materialized (
      select c.*, least(cardinality(c.tasks), $8 - c.before)::int as n from counted c where c.before < $8
    ), gone as (
      delete from jobmachine.ready r using taken t
      where ${SAME_PARCEL} and t.n = cardinality(t.tasks)
    ), cut as (
      update jobmachine.ready r set tasks = r.tasks[t.n + 1:]
      from taken t
      where ${SAME_PARCEL} and t.n < cardinality(t.tasks)
    ), held as (
      insert into jobmachine.held (worker_id, class_id, turn, limit_key, tasks)
      select $10, class_id, turn, limit_key, tasks[1:n] from taken order by priority, run_after, ready_id
      returning held_id, turn, tasks
    )
    select
      (select json_agg(json_build_array(t.task_id, t.class_id, t.turn, t.attempt + 1, t.parameters, t.max_attempts,
          t.timeout, t.priority, h.held_id))::text
        from held h, jobmachine.task t
        where t.task_id = any (h.tasks) and t.turn = h.turn and t.status + 0 = 0) as tasks,
      (select json_agg(held_id) from held) as parcels,
      (select count(*) = $9 or coalesce(bool_or(before + cardinality(tasks) > $8), false) from counted) as more,
      (select json_agg(distinct class_id) from front
        where run_after <= now() and class_id = any ($11::int[])) as limited,
      (select json_agg(json_build_array(class_id, priority, run_after, ready_id))
        from pair where class_id = any ($7::int[]) and ready_id is not null) as fronts`,
}

/**
 * Claims up to `limit` ready tasks of the given classes for a worker, in order of priority and age.
 *
 * @param classes ids of the classes it runs
 * @param limited those of them that have limits: their tasks are not claimed here
 * @param parcels how many parcels to look at at most: what holds the tasks wanted, by what came last
 * @param since where to begin: see `Fronts`
 */
export async function claim(
  runner: Runner,
  classes: readonly number[],
  limit: number,
  workerId: number,
  parcels = limit,
  limited: readonly number[] = [],
  since: Since = FROM_START,
): Promise<Claim> {
  const values = [...since, classes, limit, parcels, workerId, limited]
  const [row] = await runner.query<ClaimRow>(CLAIM, values)
  const got = row!
  return {
    tasks: readClaimed(got.tasks, workerId),
    parcels: got.parcels ?? [],
    more: got.more,
    limited: got.limited ?? [],
    fronts: got.fronts ?? [],
  }
}

interface ClaimRow {
  readonly tasks: string | null
  readonly parcels: number[] | null
  readonly more: boolean
  readonly limited: number[] | null
  readonly fronts: Front[] | null
}

/** Tasks as a claim statement gives them, first to run first. */
export function readClaimed(json: string | null, workerId: number): Claimed[] {
  if (json === null) return []
  return (JSON.parse(json) as TaskRow[]).map((row) => readTask(row, workerId)).sort(byOrder)
}

/** One of them. */
export function readTask(row: TaskRow, workerId: number): Claimed {
  const [id, classId, turn, attempt, parameters, maxAttempts, timeout, priority, heldId] = row
  return {
    id,
    classId,
    turn,
    attempt: Math.min(attempt, MOST_ATTEMPTS),
    parameters,
    maxAttempts,
    timeout,
    priority,
    heldId,
    workerId,
  }
}

/** First to run first. */
export function byOrder(a: Claimed, b: Claimed): number {
  return a.priority - b.priority || a.heldId - b.heldId || a.id - b.id
}

const NEXT_DUE = {
  name: 'jobmachine.next_due',
  text: `
    with recursive ${FRONTS}
    select (extract(epoch from min(run_after) - clock_timestamp()) * 1000)::float8 as ms
    from front
    where run_after < 'infinity' and not (class_id = any ($8::int[]) and run_after <= now())`,
}

/**
 * Milliseconds until the next waiting task of these classes may run: 0 or less when one may now and another worker
 * is at it; null when none waits. Tasks that a limit holds up are left out: whoever makes room wakes the workers.
 */
export async function nextDue(
  runner: Runner,
  classes: readonly number[],
  limited: readonly number[] = [],
  since: Since = FROM_START,
): Promise<number | null> {
  const [row] = await runner.query<{ ms: number | null }>(NEXT_DUE, [...since, classes, limited])
  return row?.ms ?? null
}
