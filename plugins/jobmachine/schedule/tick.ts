import type { Djet, DjetApp } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'
import type { AnyJob } from '../job.ts'
import { beBrief } from '../queue/brief.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { sendMany } from '../send.ts'
import { Calendar } from './calendar.ts'
import { dueTimes, MOST } from './due.ts'
import type { Missed } from './schedule.ts'

interface DueRow {
  readonly id: number
  readonly name: string
  readonly job: string
  readonly params: string
  readonly title: string | null
  readonly priority: number | null
  readonly cron: string
  readonly zone: string
  readonly missed: Missed
  readonly due: Date
  readonly now: Date
}

/** Only schedules whose job this process knows: another may run newer code. */
const DUE = {
  name: 'jobmachine.schedule_due',
  text: `
    select schedule_id as id, name, job, params, title, priority, cron, zone, missed, next_due as due, now() as now
    from jobmachine.schedule
    where next_due <= now() and job = any($1::text[]) and schedule_id <> all($2::int[])
    order by next_due limit 1 for update skip locked`,
}

const WAIT = {
  name: 'jobmachine.schedule_wait',
  text: `
    select ceil(extract(epoch from next_due - clock_timestamp()) * 1000)::float8 as wait
    from jobmachine.schedule
    where next_due is not null and job = any($1::text[]) and schedule_id <> all($2::int[])
    order by next_due limit 1`,
}

const RUNS = {
  name: 'jobmachine.schedule_runs',
  text: `
    insert into jobmachine.schedule_run (schedule_id, due) select $1, unnest($2::timestamptz[])
    on conflict do nothing returning due`,
}

/** The jobs of this process, and schedules it has trouble with. */
export interface TickState {
  readonly jobs: ReadonlyMap<string, AnyJob>
  readonly troubled: Set<number>
}

/**
 * Makes the tasks of one schedule that is due, if there is one: the runs, the tasks and the next due time in one
 * transaction. What is due says the clock of the database.
 *
 * @returns whether there was one
 */
export async function makeDue(app: DjetApp, { jobs, troubled }: TickState): Promise<boolean> {
  let at: DueRow | undefined
  try {
    return await app.scope().transaction(async (djet) => {
      await beBrief(djet)
      const [row] = await djet.query<DueRow>(DUE, [[...jobs.keys()], [...troubled]])
      if (!row) return false
      at = row
      const calendar = new Calendar(row.cron, row.zone)
      const { times, left } = dueTimes(calendar, row.due, row.now, row.missed)
      await makeRuns(djet, row, jobs.get(row.job)!, times)
      await djet.query('update jobmachine.schedule set next_due = $2 where schedule_id = $1', [
        row.id,
        calendar.next(row.now) ?? null,
      ])
      if (left) await djet.afterCommit(() => app.log.warn(missedMessage(row, times.length)))
      return true
    })
  } catch (error) {
    if (!at || isConnectionError(error)) throw error
    troubled.add(at.id)
    app.log.error({ err: error }, `schedule '${at.name}' cannot be followed`)
    return true
  }
}

/** Milliseconds until the next schedule is due; undefined: none will be. */
export async function untilDue(app: DjetApp, { jobs, troubled }: TickState): Promise<number | undefined> {
  const [row] = await app.database.query<{ wait: number }>(WAIT, [[...jobs.keys()], [...troubled]])
  return row?.wait
}

/** A task for each due time that has no run yet; what cannot be sent leaves its error in the runs. */
async function makeRuns(djet: Djet, row: DueRow, job: AnyJob, times: readonly Date[]): Promise<void> {
  if (times.length === 0) return
  const made = await djet.query<{ due: Date }>(RUNS, [row.id, times])
  const due = made.map((run) => run.due).sort((a, b) => +a - +b)
  if (due.length === 0) return
  try {
    await djet.transaction(async (djet) => {
      const params = Array<unknown>(due.length).fill(JSON.parse(row.params))
      const sent = await sendMany(djet, job, params, sendOptions(row))
      await djet.query(
        `update jobmachine.schedule_run r set task_id = t.id
         from unnest($2::timestamptz[], $3::bigint[]) as t (due, id) where r.schedule_id = $1 and r.due = t.due`,
        [row.id, due, sent.map(({ id }) => id)],
      )
    })
  } catch (error) {
    if (isConnectionError(error)) throw error
    djet.log.warn(`schedule '${row.name}' could not send its task: ${messageOf(error)}`)
    await djet.query(
      'update jobmachine.schedule_run set error = $3 where schedule_id = $1 and due = any($2::timestamptz[])',
      [row.id, due, messageOf(error).replaceAll('\0', '').slice(0, 2000)],
    )
  }
}

/** Options of a schedule's tasks. */
export function sendOptions(row: Pick<DueRow, 'title' | 'priority'>): { title?: string; priority?: number } {
  return {
    ...(row.title === null ? {} : { title: row.title }),
    ...(row.priority === null ? {} : { priority: row.priority }),
  }
}

function missedMessage({ name, due, missed }: DueRow, made: number): string {
  const what = `schedule '${name}' missed its times since ${due.toISOString()}`
  if (missed === 'once') return `${what}: one task is sent for all of them`
  if (missed === 'all') return `${what}: more than ${MOST} of them, the last ${made} get a task each`
  return `${what}: they are passed over`
}
