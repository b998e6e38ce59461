import type { Runner } from './queue/runner.ts'

/**
 * Milliseconds by a clock that only goes forward, the same in all threads and processes of a machine. The time of day
 * may be set while tasks run, by minutes: no time limit passes by that, and none is put off.
 */
export function clock(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

/** Milliseconds that the time of day in the database, since 1970, is ahead of `clock`. */
export async function clockAhead(runner: Runner): Promise<number> {
  const before = clock()
  const [row] = await runner.query<{ now: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
  )
  return row!.now - (before + clock()) / 2
}
