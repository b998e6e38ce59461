import type { Runner } from './runner.ts'

/** Upper bounds, in milliseconds, of the buckets that durations are counted in: those of `jobmachine.bucket`. */
export const BUCKETS = [
  5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
] as const

/** Attempts that ended since the beginning. */
export interface EndedTotal {
  readonly class: string
  /** 200 finished, 900 failed, 0 failed and tried again. */
  readonly status: number
  /** Position in `BUCKETS`; behind its end: longer. */
  readonly bucket: number
  readonly ended: number
  /** Milliseconds, all together. */
  readonly waitMs: number
  readonly runMs: number
}

/** All attempts that ended, by class, status and duration: they only grow. */
export async function endedTotals(runner: Runner): Promise<EndedTotal[]> {
  return runner.query<EndedTotal>({
    name: 'jobmachine.ended_totals',
    text: `
      select c.name as class, e.status, e.bucket, sum(e.ended)::float8 as ended, sum(e.wait_ms) as "waitMs",
        sum(e.run_ms) as "runMs"
      from (
        select class_id, status, bucket, ended, wait_ms, run_ms from jobmachine.ended
        union all
        select class_id, status, coalesce(bucket, 0), ended, wait_ms, run_ms from jobmachine.tally_delta
        where delta_id > (select delta_id from jobmachine.folded) and ended > 0
      ) as e join jobmachine.class c using (class_id)
      group by c.name, e.status, e.bucket order by c.name, e.status, e.bucket`,
  })
}
