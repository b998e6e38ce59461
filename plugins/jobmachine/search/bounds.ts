import type { Djet } from '../../../core/index.ts'

/** Ids that tasks of a span of time have: above `above`, up to `upTo`. */
export interface Bounds {
  readonly above: number
  readonly upTo: number
}

/**
 * Milliseconds that a transaction may take that sends tasks. `created` is its beginning, ids are given during it: within
 * that time the two may be in different order.
 */
const LONGEST_TRANSACTION = 10 * 60_000

// Halves the span of ids until it is known where the time lies: some 24 looks into the primary key for 10,000,000
// tasks, without an index on the time, which every task would pay for.
const LAST_BEFORE = {
  name: 'jobmachine.last_before',
  text: `
    with recursive span (lo, hi) as (
      select coalesce(min(task_id), 1) - 1, coalesce(max(task_id), 0) from jobmachine.task
      union all
      select case when not after then first.task_id else lo end, case when after then mid else hi end
      from (select lo, hi, (lo + hi) / 2 as mid from span where lo < hi) as half
      left join lateral (
        select t.task_id, t.created from jobmachine.task t where t.task_id > mid order by t.task_id limit 1
      ) as first on true, lateral (select first.task_id is null or first.created >= $1::timestamptz) as side (after)
    )
    select min(hi)::float8 as id from span`,
}

async function lastBefore(djet: Djet, time: Date): Promise<number> {
  const [row] = await djet.query<{ id: number }>(LAST_BEFORE, [time])
  return row!.id
}

/** Where tasks lie that were created in a span of time; some of others may lie there, too. */
export async function boundsOf(djet: Djet, from: Date | undefined, to: Date | undefined): Promise<Bounds> {
  const moved = (time: Date, by: number) => new Date(Math.max(-6e13, Math.min(8e15, time.getTime() + by)))
  const [above, upTo] = await Promise.all([
    from ? lastBefore(djet, moved(from, -LONGEST_TRANSACTION)) : 0,
    to ? lastBefore(djet, moved(to, LONGEST_TRANSACTION)) : Number.MAX_SAFE_INTEGER,
  ])
  return { above, upTo }
}
