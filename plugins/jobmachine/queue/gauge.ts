import type { Runner } from './runner.ts'

/** Waiting tasks that are counted while somebody waits for a page; of more the last count is shown. */
const AT_ONCE = 5000

/** The first parcels, and whether there is more in them than is counted at once. */
const FEW = `
    few as materialized (select class_id, turn, tasks from jobmachine.ready limit ${AT_ONCE + 1}),
    size as (
      select count(*) > ${AT_ONCE} or coalesce(sum(cardinality(tasks)), 0) > ${AT_ONCE} as long from few
    )`

// In parcels, waiting for other tasks, or claimed and not shown as running yet. A parcel may name tasks that were
// cancelled since.
const READ = {
  name: 'jobmachine.waiting',
  text: `
    with ${FEW}
    select class_id as "classId", count(*)::float8 as n, false as about
    from (
      select t.class_id
      from (
        select turn, unnest(tasks) as id from few where not (select long from size)
        union all
        select turn, unnest(tasks) from jobmachine.held
      ) as parcel join jobmachine.task t on t.task_id = parcel.id and t.turn = parcel.turn and t.status + 0 = 0
      union all
      select class_id from jobmachine.task where blocked > 0 and status = 0
    ) as each
    where not (select long from size) group by class_id
    union all
    select class_id, n::float8, true from jobmachine.waiting where (select long from size)`,
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

/** Whether more wait than are counted for a page. */
export async function isLong(runner: Runner): Promise<boolean> {
  const [row] = await runner.query<{ long: boolean }>({
    name: 'jobmachine.long',
    text: `with ${FEW} select long from size`,
  })
  return row!.long
}

// By the index of the list: class and status.
const COUNT = {
  name: 'jobmachine.count_waiting',
  text: `
    insert into jobmachine.waiting as w (class_id, n, counted)
    select c.class_id, (
      select count(*) from jobmachine.task t where t.class_id = c.class_id and t.status = 0
    ), clock_timestamp()
    from jobmachine.class c
    on conflict (class_id) do update set n = excluded.n, counted = excluded.counted`,
}

/**
 * Counts all tasks that wait and notes it for everybody. Call it in a transaction that holds `FOLD_LOCK`, and not too
 * often: a million of them take some 100 ms.
 */
export async function countWaiting(runner: Runner): Promise<void> {
  await runner.query(COUNT)
}
