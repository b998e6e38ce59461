import type { Djet } from '../../../core/index.ts'
import { DjetError, didYouMean } from '../../../core/index.ts'
import { jobsOf, requireJob } from '../registry.ts'
import { type SentTask, send } from '../send.ts'
import { Calendar } from './calendar.ts'
import { type CheckedSchedule, checkSchedule, type ScheduleInput } from './check.ts'
import { sendOptions } from './tick.ts'

interface Row extends CheckedSchedule {
  readonly id: number
  readonly source: 'code' | 'page'
  readonly gone: boolean
  readonly enabled: boolean
  readonly version: number
  readonly now: Date
}

/**
 * Makes a schedule, as the page does; by the clocks of the site when it names no zone.
 *
 * @returns its id
 * @throws {DjetError} SCHEDULE_INVALID, 422, with a message for each field that is wrong
 */
export async function insertSchedule(
  djet: Djet,
  input: Omit<ScheduleInput, 'zone'> & { readonly zone?: string; readonly enabled?: boolean },
): Promise<number> {
  const checked = checkSchedule({ ...input, zone: input.zone ?? djet.app.zone.name }, jobsOf(djet.app))
  const enabled = input.enabled ?? true
  return djet.transaction(async (djet) => {
    const [clock] = await djet.query<{ now: Date }>('select now() as now')
    const [made] = await djet.query<{ id: number }>(
      `insert into jobmachine.schedule
         (source, name, job, params, title, priority, cron, zone, missed, enabled, next_due, modified_by)
       values ('page', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       on conflict (name) do nothing returning schedule_id as id`,
      [
        ...valuesOf(checked),
        enabled,
        enabled ? nextDue(checked, clock!.now) : null,
        djet.user?.login ?? null,
      ],
    )
    if (!made) throw nameTaken(checked.name)
    await note(djet, 'schedule-new', checked, { ...checked, enabled })
    return made.id
  })
}

/**
 * Changes a schedule that was made on the page.
 *
 * @param version what the caller saw; undefined: whatever it is
 * @throws {DjetError} SCHEDULE_NOT_FOUND, 404; SCHEDULE_FROM_CODE, SCHEDULE_CHANGED, 409; SCHEDULE_INVALID, 422
 */
export async function updateSchedule(
  djet: Djet,
  id: number,
  input: ScheduleInput,
  version?: number,
): Promise<void> {
  const checked = checkSchedule(input, jobsOf(djet.app))
  await djet.transaction(async (djet) => {
    const row = await lockSchedule(djet, id)
    if (row.source === 'code') throw fromCode(row)
    requireVersion(row, version)
    const [other] = await djet.query(
      'select from jobmachine.schedule where name = $1 and schedule_id <> $2',
      [checked.name, id],
    )
    if (other) throw nameTaken(checked.name)
    const isNew = row.cron !== checked.cron || row.zone !== checked.zone
    await djet.query(
      `update jobmachine.schedule
       set name = $1, job = $2, params = $3, title = $4, priority = $5, cron = $6, zone = $7, missed = $8,
         next_due = case when $9 and enabled then $10::timestamptz else next_due end,
         modified = now(), modified_by = $11, version = version + 1
       where schedule_id = $12`,
      [...valuesOf(checked), isNew, nextDue(checked, row.now), djet.user?.login ?? null, id],
    )
    await note(djet, 'schedule-edit', checked, { ...checked })
  })
}

/**
 * Lets a schedule rest, or go on from now: what was due in between does not count as missed.
 * @throws {DjetError} SCHEDULE_NOT_FOUND, 404; SCHEDULE_GONE, 409
 */
export async function enableSchedule(djet: Djet, id: number, enabled: boolean): Promise<void> {
  await djet.transaction(async (djet) => {
    const row = await lockSchedule(djet, id)
    if (row.enabled === enabled) return
    if (row.gone && enabled) {
      throw new DjetError(
        'SCHEDULE_GONE',
        `no plugin declares schedule '${row.name}' any more, so it cannot run. It can be deleted.`,
        { status: 409 },
      )
    }
    await djet.query(
      `update jobmachine.schedule set enabled = $2, next_due = $3, modified = now(), modified_by = $4,
         version = version + 1
       where schedule_id = $1`,
      [id, enabled, enabled ? nextDue(row, row.now) : null, djet.user?.login ?? null],
    )
    await note(djet, enabled ? 'schedule-resume' : 'schedule-pause', row)
  })
}

/**
 * Removes a schedule that was made on the page, or whose code is gone, with the record of its runs; the tasks stay.
 *
 * @param version what the caller saw; undefined: whatever it is
 * @throws {DjetError} SCHEDULE_NOT_FOUND, 404; SCHEDULE_FROM_CODE, SCHEDULE_CHANGED, 409
 */
export async function removeSchedule(djet: Djet, id: number, version?: number): Promise<void> {
  await djet.transaction(async (djet) => {
    const row = await lockSchedule(djet, id)
    requireVersion(row, version)
    if (row.source === 'code' && !row.gone) throw fromCode(row)
    await djet.query('delete from jobmachine.schedule where schedule_id = $1', [id])
    await note(djet, 'schedule-delete', row)
  })
}

/**
 * Sends the task of a schedule now, beside its times.
 * @throws {DjetError} SCHEDULE_NOT_FOUND, JOB_UNKNOWN, 404; JOB_PARAMS_INVALID, 422
 */
export async function runSchedule(djet: Djet, id: number): Promise<SentTask> {
  return djet.transaction(async (djet) => {
    const row = await lockSchedule(djet, id)
    const job = requireJob(jobsOf(djet.app), row.job)
    const task = await send(djet, job, JSON.parse(row.params), sendOptions(row))
    // Two within a millisecond are two runs.
    await djet.query(
      `insert into jobmachine.schedule_run (schedule_id, due, task_id, by_hand, requested_by)
       select $1, greatest(date_trunc('milliseconds', moment), (
         select max(r.due) + interval '1 millisecond' from jobmachine.schedule_run r
         where r.schedule_id = $1 and (r.by_hand or r.due <= moment)
       )), $2, true, $3
       from clock_timestamp() as moment`,
      [id, task.id, djet.user?.login ?? null],
    )
    await note(djet, 'schedule-run', row, { task: task.id })
    return task
  })
}

/** The id of a schedule by name. @throws {DjetError} SCHEDULE_NOT_FOUND, 404 */
export async function scheduleByName(djet: Djet, name: string): Promise<number> {
  const rows = await djet.query<{ id: number; name: string }>(
    'select schedule_id as id, name from jobmachine.schedule order by name = $1 desc, name limit 1000',
    [name],
  )
  if (rows[0]?.name === name) return rows[0].id
  const hint = didYouMean(
    name,
    rows.map((row) => row.name),
  )
  throw new DjetError('SCHEDULE_NOT_FOUND', `there is no schedule '${name}'.${hint}`, { status: 404 })
}

/**
 * The due time the task at hand was made for; null: it was not made by a schedule.
 *
 * @example
 * const due = (await dueTime(djet)) ?? new Date()
 */
export async function dueTime(djet: Djet): Promise<Date | null> {
  if (!djet.task) return null
  const [run] = await djet.query<{ due: Date }>(
    'select due from jobmachine.schedule_run where task_id = $1',
    [djet.task.id],
  )
  return run?.due ?? null
}

/** A schedule that nobody else changes until the transaction ends. @throws {DjetError} SCHEDULE_NOT_FOUND, 404 */
export async function lockSchedule(djet: Djet, id: number): Promise<Row> {
  const [row] = await djet.query<Row>(
    `select schedule_id as id, source, gone, name, job, params, title, priority, cron, zone, missed, enabled,
       version, now() as now
     from jobmachine.schedule where schedule_id = $1 for update`,
    [id],
  )
  if (row) return row
  throw new DjetError('SCHEDULE_NOT_FOUND', `there is no schedule ${id}.`, { status: 404 })
}

/** @throws {DjetError} SCHEDULE_CHANGED, 409 */
function requireVersion(row: Row, version: number | undefined): void {
  if (version === undefined || version === row.version) return
  throw new DjetError(
    'SCHEDULE_CHANGED',
    `schedule '${row.name}' was changed meanwhile. Load the page again and repeat your change.`,
    { status: 409 },
  )
}

function valuesOf(schedule: CheckedSchedule): (string | number | null)[] {
  const { name, job, params, title, priority, cron, zone, missed } = schedule
  return [name, job, params, title, priority, cron, zone, missed]
}

function nextDue({ cron, zone }: Pick<CheckedSchedule, 'cron' | 'zone'>, now: Date): Date | null {
  return new Calendar(cron, zone).next(now) ?? null
}

async function note(
  djet: Djet,
  what: string,
  { name }: Pick<CheckedSchedule, 'name'>,
  data?: Readonly<Record<string, unknown>>,
): Promise<void> {
  await djet.audit({ action: `jobmachine.${what}`, subject: name, ...(data === undefined ? {} : { data }) })
}

function nameTaken(name: string): DjetError {
  const message = `there is a schedule '${name}' already.`
  return new DjetError('SCHEDULE_INVALID', message, { status: 422, fields: { name: message } })
}

function fromCode({ name }: Row): DjetError {
  return new DjetError(
    'SCHEDULE_FROM_CODE',
    `schedule '${name}' is declared in code, and changed or removed there. Here it can be paused.`,
    { status: 409 },
  )
}
