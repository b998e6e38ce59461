import type { Runner } from './runner.ts'

/** Second half of the lock of whoever folds counters (the first is that of housekeeping, 0x6a6e). */
export const FOLD_LOCK = [0x6a6e, 2] as const

/** Rows of one statement. */
const FOLDED = 20_000
const ROLLED = 5_000
/** Ids that may still be committed behind the newest one folded. */
const MARGIN = 10_000

const FOLD = {
  name: 'jobmachine.fold',
  text: `
    with taken as materialized (
      delete from jobmachine.tally_delta where delta_id in (
        select delta_id from jobmachine.tally_delta
        where delta_id > case when $2::bool then 0 else (select delta_id from jobmachine.folded) end
        order by delta_id limit $1
      )
      returning delta_id, class_id, status, coalesce(bucket, 0) as bucket, kept, ended, wait_ms, run_ms, at
    ), minutes as (
      insert into jobmachine.tally as t (minute, class_id, status, bucket, ended, wait_ms, run_ms)
      select date_trunc('minute', at, 'UTC'), class_id, status, bucket, sum(ended), sum(wait_ms), sum(run_ms)
      from taken where ended > 0 group by 1, 2, 3, 4
      on conflict (minute, class_id, status, bucket) do update
      set ended = t.ended + excluded.ended, wait_ms = t.wait_ms + excluded.wait_ms, run_ms = t.run_ms + excluded.run_ms
    ), half_hours as (
      insert into jobmachine.pace as p (at, class_id, status, ended, wait_ms, run_ms)
      select date_bin('30 minutes', at, 'epoch'), class_id, status, sum(ended), sum(wait_ms), sum(run_ms)
      from taken where ended > 0 group by 1, 2, 3
      on conflict (at, class_id, status) do update
      set ended = p.ended + excluded.ended, wait_ms = p.wait_ms + excluded.wait_ms, run_ms = p.run_ms + excluded.run_ms
    ), totals as (
      insert into jobmachine.ended as e (class_id, status, bucket, ended, wait_ms, run_ms)
      select class_id, status, bucket, sum(ended), sum(wait_ms), sum(run_ms)
      from taken where ended > 0 group by 1, 2, 3
      on conflict (class_id, status, bucket) do update
      set ended = e.ended + excluded.ended, wait_ms = e.wait_ms + excluded.wait_ms, run_ms = e.run_ms + excluded.run_ms
    ), rows as (
      insert into jobmachine.kept as k (class_id, status, n)
      select class_id, status, sum(kept) from taken where status >= 200 group by 1, 2 having sum(kept) <> 0
      on conflict (class_id, status) do update set n = k.n + excluded.n
    ), mark as (
      update jobmachine.folded f set delta_id = m.newest - ${MARGIN}
      from (select max(delta_id) as newest from taken) as m
      where m.newest - ${MARGIN} > f.delta_id
    )
    select count(*)::int as n from taken`,
}

/**
 * Folds ends of tasks into the counters, a bounded number of them. Call it in a transaction that holds `FOLD_LOCK`.
 *
 * @param fromStart also those that were committed long after their neighbours
 * @returns whether there may be more
 */
export async function foldTally(runner: Runner, fromStart: boolean): Promise<boolean> {
  const [row] = await runner.query<{ n: number }>(FOLD, [FOLDED, fromStart])
  return row!.n === FOLDED
}

const ROLL_UP = {
  name: 'jobmachine.roll_up',
  text: `
    with taken as materialized (
      delete from jobmachine.tally where (minute, class_id, status, bucket) in (
        select minute, class_id, status, bucket from jobmachine.tally
        where minute > case when $2::bool then '-infinity' else now() - interval '2 days' end
          and minute < date_trunc('hour', now() - interval '1 day', 'UTC')
          and minute <> date_trunc('hour', minute, 'UTC')
        order by minute limit $1
      )
      returning *
    ), hours as (
      insert into jobmachine.tally as t (minute, class_id, status, bucket, ended, wait_ms, run_ms)
      select date_trunc('hour', minute, 'UTC'), class_id, status, bucket, sum(ended), sum(wait_ms), sum(run_ms)
      from taken group by 1, 2, 3, 4
      on conflict (minute, class_id, status, bucket) do update
      set ended = t.ended + excluded.ended, wait_ms = t.wait_ms + excluded.wait_ms, run_ms = t.run_ms + excluded.run_ms
    )
    select count(*)::int as n from taken`,
}

const TOO_OLD = {
  name: 'jobmachine.tally_too_old',
  text: `
    delete from jobmachine.tally where (minute, class_id, status, bucket) in (
      select minute, class_id, status, bucket from jobmachine.tally
      where minute < now() - interval '90 days' order by minute limit $1
    )`,
}

const PACE_TOO_OLD = {
  name: 'jobmachine.pace_too_old',
  text: `
    delete from jobmachine.pace where (at, class_id, status) in (
      select at, class_id, status from jobmachine.pace where at < now() - interval '30 days' order by at limit 5000
    )`,
}

/**
 * Makes hours of the minutes that are more than a day old, and drops hours of more than 90 days ago; a bounded number
 * of rows. Call it in a transaction that holds `FOLD_LOCK`.
 *
 * @param fromStart also minutes that nobody was there to roll up for days
 * @returns whether there may be more
 */
export async function rollUp(runner: Runner, fromStart: boolean): Promise<boolean> {
  const [row] = await runner.query<{ n: number }>(ROLL_UP, [ROLLED, fromStart])
  await runner.query(TOO_OLD, [ROLLED])
  await runner.query(PACE_TOO_OLD)
  return row!.n === ROLLED
}

const RECOUNT = `
  with counted as (
    select class_id, status, sum(n) as n from (
      select class_id, status, count(*) as n from jobmachine.task where status >= 200 group by class_id, status
      union all
      select class_id, status, -sum(kept) from jobmachine.tally_delta where status >= 200 group by class_id, status
    ) as parts group by class_id, status
  ), wrong as (
    select coalesce(c.class_id, k.class_id) as class_id, coalesce(c.status, k.status) as status,
      coalesce(c.n, 0) as n, coalesce(k.n, 0) as was
    from counted c full join jobmachine.kept k on k.class_id = c.class_id and k.status = c.status
    where coalesce(c.n, 0) <> coalesce(k.n, 0)
  ), put as (
    insert into jobmachine.kept (class_id, status, n) select class_id, status, n from wrong
    on conflict (class_id, status) do update set n = excluded.n
  )
  select name as class, status, was::float8 as was, n::float8 as now
  from wrong join jobmachine.class using (class_id) order by name, status`

/** A counter that was wrong. */
export interface Drift {
  readonly class: string
  /** 200 or 900. */
  readonly status: number
  /** What it said, ends that are not folded yet left out. */
  readonly was: number
  readonly now: number
}

/**
 * Counts all tasks that are over and puts the counters right, while tasks go on ending. Call it in a transaction that
 * holds `FOLD_LOCK`; it reads the whole table.
 */
export async function recount(runner: Runner): Promise<Drift[]> {
  return runner.query<Drift>(RECOUNT)
}
