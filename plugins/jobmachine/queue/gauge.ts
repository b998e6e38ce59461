import type { Runner } from './runner.ts'

/** Parcels that are counted while somebody waits for a page; of more the last count is shown. */
const AT_ONCE = 20_000

/** Tasks that wait: in parcels, for other tasks, or claimed and not shown as running yet. */
const WAITING = (parcels: string): string => `
    select class_id, sum(n)::bigint as n from (
      select class_id, cardinality(tasks) as n from ${parcels} as r
      union all
      select class_id, 1 from jobmachine.task where blocked > 0 and status = 0
      union all
      select t.class_id, 1 from jobmachine.held h, unnest(h.tasks) as id, jobmachine.task t
      where t.task_id = id and t.turn = h.turn and t.status + 0 = 0
    ) as each group by class_id`

const COUNT = {
  name: 'jobmachine.count_waiting',
  text: `
    with counted as materialized (${WAITING('jobmachine.ready')}), gone as (
      update jobmachine.waiting w set n = 0, counted = clock_timestamp()
      where w.n <> 0 and not exists (select from counted c where c.class_id = w.class_id)
    )
    insert into jobmachine.waiting as w (class_id, n, counted) select class_id, n, clock_timestamp() from counted
    on conflict (class_id) do update set n = excluded.n, counted = excluded.counted`,
}

/**
 * Counts all tasks that wait and notes it for everybody. Call it in a transaction that holds `FOLD_LOCK`, and not too
 * often: it takes some 150 ms for a million parcels.
 */
export async function countWaiting(runner: Runner): Promise<void> {
  await runner.query(COUNT)
}

const READ = {
  name: 'jobmachine.waiting',
  text: `
    with few as materialized (select class_id, tasks from jobmachine.ready limit ${AT_ONCE + 1}),
      many as (select count(*) > ${AT_ONCE} as yes from few)
    select class_id as "classId", n::float8 as n, false as about
    from (${WAITING('few')}) as counted where not (select yes from many)
    union all
    select class_id, n::float8, true from jobmachine.waiting where (select yes from many)`,
}

/** Tasks of a class that wait. */
export interface WaitingCount {
  readonly classId: number
  readonly n: number
  /** There are too many to count now: this is what housekeeping counted last, some seconds ago. */
  readonly about: boolean
}

/** How many tasks wait, by class; takes the same time however many there are. */
export async function readWaiting(runner: Runner): Promise<WaitingCount[]> {
  return runner.query<WaitingCount>(READ)
}

/** Whether there are more parcels than are counted for a page. */
export async function isLong(runner: Runner): Promise<boolean> {
  const [row] = await runner.query<{ long: boolean }>({
    name: 'jobmachine.long',
    text: `select count(*) > ${AT_ONCE} as long from (select from jobmachine.ready limit ${AT_ONCE + 1}) as few`,
  })
  return row!.long
}
