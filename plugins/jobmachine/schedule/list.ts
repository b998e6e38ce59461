import { type Djet, DjetError } from '../../../core/index.ts'
import { hiddenClasses } from '../access.ts'
import { jobsOf } from '../registry.ts'
import { type Status, statusWord } from '../status.ts'
import { Calendar } from './calendar.ts'
import { cronInWords } from './cron.ts'
import { inZone } from './in-zone.ts'
import type { Missed } from './schedule.ts'

/** A due time and what was made of it. */
export interface RunLine {
  readonly due: Date
  /** Null: it could not be sent, `error` says why. */
  readonly task: number | null
  /** Null: the task has been removed, or there was none. */
  readonly status: Status | null
  readonly error: string | null
  readonly byHand: boolean
  readonly requestedBy: string | null
}

/** One line of the list. */
export interface ScheduleLine {
  readonly id: number
  readonly name: string
  readonly source: 'code' | 'page'
  /** The plugin that declares it. */
  readonly plugin: string | null
  /** It came with code that is not there any more. */
  readonly gone: boolean
  readonly job: string
  /** Whether a plugin of this site brings the job. */
  readonly known: boolean
  readonly cron: string
  /** The expression in words. */
  readonly words: string
  readonly zone: string
  readonly missed: Missed
  readonly enabled: boolean
  /** Null: it does not run, no such day ever comes, or no plugin of this site brings the job. */
  readonly nextDue: Date | null
  readonly last: RunLine | null
}

export interface ScheduleList {
  /** By name. */
  readonly schedules: readonly ScheduleLine[]
  /** `after` of the next page; null at the end. */
  readonly next: string | null
  /** `before` of the page before; null on the first one. */
  readonly previous: string | null
}

/** A due time to come, as UTC and as the clocks of the zone show it. */
export interface DueLine {
  readonly due: Date
  readonly there: string
}

/** All there is to know about a schedule. */
export interface ScheduleView extends ScheduleLine {
  /** JSON. */
  readonly params: string
  readonly title: string | null
  readonly priority: number | null
  readonly created: Date
  readonly modified: Date
  readonly modifiedBy: string | null
  readonly version: number
  /** The next five times, none while it does not run. */
  readonly times: readonly DueLine[]
}

export interface RunList {
  /** Newest first. */
  readonly runs: readonly RunLine[]
  /** Milliseconds since 1970: `before` of the next older page; null at the end. */
  readonly older: number | null
  /** `after` of the next newer page; null on the first one. */
  readonly newer: number | null
}

const LINES = 50
const TIMES = 5

const LINE = `s.schedule_id as id, s.name, s.source, s.plugin, s.gone, s.job, s.cron, s.zone, s.missed, s.enabled,
  s.next_due as "nextDue"`
const RUN = `r.due, r.task_id as task, t.status, r.error, r.by_hand as "byHand", r.requested_by as "requestedBy"`

type LineRow = Omit<ScheduleLine, 'words' | 'known' | 'last'> & RunRow
type RunRow = Omit<RunLine, 'status'> & { readonly status: number | null }

/** Schedules by name, 50 a page unless `limit` says otherwise, by key; without those of jobs whose tasks the scope's user does not see. */
export async function listSchedules(
  djet: Djet,
  page: { after?: string | undefined; before?: string | undefined; limit?: number } = {},
): Promise<ScheduleList> {
  const { limit = LINES } = page
  const back = page.before !== undefined
  const rows = await djet.query<LineRow>(
    `select ${LINE}, ${RUN} from (
       select * from jobmachine.schedule where name ${back ? '<' : '>'} $1 and job <> all($3::text[])
       order by name ${back ? 'desc' : 'asc'} limit $2
     ) as s
     left join lateral (
       select * from jobmachine.schedule_run r where r.schedule_id = s.schedule_id order by r.due desc limit 1
     ) as r on true
     left join jobmachine.task t on t.task_id = r.task_id
     order by s.name ${back ? 'desc' : 'asc'}`,
    [page.before ?? page.after ?? '', limit + 1, [...hiddenClasses(djet)]],
  )
  const more = rows.length > limit
  const jobs = jobsOf(djet.app)
  const schedules = rows.slice(0, limit).map((row) => lineOf(djet, row, jobs))
  if (back) schedules.reverse()
  const [first, last] = [schedules[0]?.name ?? null, schedules.at(-1)?.name ?? null]
  return {
    schedules,
    next: back || more ? last : null,
    previous: back ? (more ? first : null) : page.after === undefined ? null : first,
  }
}

/** One schedule; null: there is none that the scope's user sees. */
export async function scheduleView(djet: Djet, id: number): Promise<ScheduleView | null> {
  type Row = LineRow & Omit<ScheduleView, keyof ScheduleLine | 'times'> & { readonly now: Date }
  const [row] = await djet.query<Row>(
    `select ${LINE}, ${RUN}, s.params, s.title, s.priority, s.created, s.modified, s.modified_by as "modifiedBy",
       s.version, now() as now
     from jobmachine.schedule s
     left join lateral (
       select * from jobmachine.schedule_run r where r.schedule_id = s.schedule_id order by r.due desc limit 1
     ) as r on true
     left join jobmachine.task t on t.task_id = r.task_id
     where s.schedule_id = $1`,
    [id],
  )
  if (!row || hiddenClasses(djet).has(row.job)) return null
  const { params, title, priority, created, modified, modifiedBy, version, now } = row
  const line = lineOf(djet, row, jobsOf(djet.app))
  const times = line.nextDue === null ? [] : timesOf(line, now)
  return { ...line, params, title, priority, created, modified, modifiedBy, version, times }
}

/** The same. @throws {DjetError} SCHEDULE_NOT_FOUND, 404, also for one whose job the scope's user does not see */
export async function requireSchedule(djet: Djet, id: number): Promise<ScheduleView> {
  const schedule = await scheduleView(djet, id)
  if (schedule) return schedule
  throw new DjetError('SCHEDULE_NOT_FOUND', `there is no schedule ${id}.`, { status: 404 })
}

/** Runs of a schedule, newest first, 50 a page unless `limit` says otherwise, by key. */
export async function listRuns(
  djet: Djet,
  schedule: number,
  page: { before?: number | undefined; after?: number | undefined; limit?: number } = {},
): Promise<RunList> {
  const { limit = LINES } = page
  const newer = page.after !== undefined
  const key = page.after ?? page.before
  const rows = await djet.query<RunRow>(
    `select ${RUN} from (
       select * from jobmachine.schedule_run where schedule_id = $1 and due ${newer ? '>' : '<'} $2::timestamptz
       order by due ${newer ? 'asc' : 'desc'} limit $3
     ) as r
     left join jobmachine.task t on t.task_id = r.task_id
     order by r.due ${newer ? 'asc' : 'desc'}`,
    [schedule, key === undefined ? 'infinity' : new Date(key), limit + 1],
  )
  const more = rows.length > limit
  const runs = rows.slice(0, limit).map(runOf)
  if (newer) runs.reverse()
  const [first, last] = [runs[0]?.due.getTime() ?? null, runs.at(-1)?.due.getTime() ?? null]
  return {
    runs,
    older: newer || more ? last : null,
    newer: newer ? (more ? first : null) : page.before === undefined ? null : (first ?? page.before - 1),
  }
}

function lineOf(djet: Djet, row: LineRow, jobs: ReadonlyMap<string, unknown>): ScheduleLine {
  const { id, name, source, plugin, gone, job, cron, zone, missed, enabled } = row
  const last = row.due === null ? null : runOf(row)
  const known = jobs.has(job)
  const nextDue = known ? row.nextDue : null
  const words = cronInWords(cron, djet.texts.language)
  return { id, name, source, plugin, gone, job, known, cron, words, zone, missed, enabled, nextDue, last }
}

function runOf({ due, task, status, error, byHand, requestedBy }: RunRow): RunLine {
  return { due, task, status: status === null ? null : statusWord(status), error, byHand, requestedBy }
}

function timesOf({ cron, zone }: Pick<ScheduleLine, 'cron' | 'zone'>, now: Date): DueLine[] {
  const calendar = new Calendar(cron, zone)
  const times: DueLine[] = []
  for (let due = calendar.next(now); due && times.length < TIMES; due = calendar.next(due)) {
    times.push({ due, there: inZone(due, zone) })
  }
  return times
}
