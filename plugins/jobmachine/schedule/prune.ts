import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, DjetApp, Stop } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'

/** Milliseconds to the first walk through the runs, and between two. */
const FIRST = 10 * 60_000
const EVERY = 12 * 3_600_000
/** Runs of one statement. */
const SLICE = 1000

/** One slice of runs in the order of their key; the last run of a schedule stays. */
const WALK = {
  name: 'jobmachine.schedule_prune',
  text: `
    with slice as (
      select schedule_id, due, task_id from jobmachine.schedule_run
      where (schedule_id, due) > ($1::int, $2::timestamptz)
      order by schedule_id, due limit $3
    ), removed as (
      delete from jobmachine.schedule_run r using slice s
      where r.schedule_id = s.schedule_id and r.due = s.due
        and r.created < now() - case when s.task_id is null then interval '30 days' else interval '1 day' end
        and not exists (select from jobmachine.task t where t.task_id = s.task_id)
        and exists (select from jobmachine.schedule_run n where n.schedule_id = s.schedule_id and n.due > s.due)
      returning 1
    )
    select schedule_id as id, due, (select count(*)::int from removed) as removed
    from slice order by schedule_id desc, due desc limit 1`,
}

/**
 * Removes runs whose task has been removed, and those that never had one after 30 days.
 * @returns how many went
 */
export async function pruneRuns(
  connection: Pick<Connection, 'query'>,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0
  let at: { id: number; due: Date | number } = { id: 0, due: Number.NEGATIVE_INFINITY }
  for (;;) {
    const since = at.due instanceof Date ? at.due : '-infinity'
    const [row] = await connection.query<{ id: number; due: Date; removed: number }>(WALK, [
      at.id,
      since,
      SLICE,
    ])
    if (!row || signal?.aborted) return removed
    removed += row.removed
    at = row
  }
}

/** Does it twice a day. */
export function startPruning(app: DjetApp): Stop {
  const stopping = new AbortController()
  const walk = async (): Promise<void> => {
    for (let wait = FIRST; !stopping.signal.aborted; wait = EVERY) {
      await sleep(wait * (0.75 + Math.random() / 2), undefined, { signal: stopping.signal, ref: false })
      try {
        await pruneRuns(app.database, stopping.signal)
      } catch (error) {
        app.log.warn(`runs of schedules could not be removed: ${messageOf(error)}`)
      }
    }
  }
  const walking = walk().catch(() => {})
  return async () => {
    stopping.abort()
    await walking
  }
}
