import type { Djet, DjetApp } from '../../../core/index.ts'
import { Calendar } from './calendar.ts'
import type { CodeSchedule } from './registry.ts'

/** Taken by who brings rows and code together; the first half is that of the housekeeping. */
const LOCK = [0x6a6e, 2] as const

interface Row extends Omit<CodeSchedule, 'plugin' | 'hasZone'> {
  readonly id: number
  readonly source: 'code' | 'page'
  readonly plugin: string | null
  readonly gone: boolean
}

/**
 * Brings the rows of schedules in line with what the plugins declare. What the page says stays: whether one is
 * paused, and the zone of one that names none in code. One whose code is gone is kept and does not run. New ones and those with other times begin now.
 */
export async function syncSchedules(
  app: DjetApp,
  schedules: ReadonlyMap<string, CodeSchedule>,
): Promise<void> {
  await app.scope().transaction(async (djet) => {
    await djet.query('select pg_advisory_xact_lock($1, $2)', [...LOCK])
    const rows = await djet.query<Row>(
      `select schedule_id as id, name, source, plugin, gone, job, params, title, priority, cron, zone, missed, enabled
       from jobmachine.schedule where source = 'code' or name = any($1::text[]) for update`,
      [[...schedules.keys()]],
    )
    const byName = new Map(rows.map((row) => [row.name, row]))
    const [clock] = await djet.query<{ now: Date }>('select now() as now')
    for (const schedule of schedules.values()) {
      const row = byName.get(schedule.name)
      if (row?.source === 'page') await makeRoom(djet, row)
      if (row?.source === 'code') await change(djet, row, schedule, clock!.now)
      else await add(djet, schedule, clock!.now)
    }
    for (const row of rows) {
      if (row.source === 'page' || row.gone || schedules.has(row.name)) continue
      await djet.query(
        'update jobmachine.schedule set gone = true, next_due = null, modified = now() where schedule_id = $1',
        [row.id],
      )
      app.log.warn(`schedule '${row.name}' does not run any more: no plugin declares it`)
    }
  })
}

async function add(djet: Djet, schedule: CodeSchedule, now: Date): Promise<void> {
  await djet.query(
    `insert into jobmachine.schedule
       (source, plugin, name, job, params, title, priority, cron, zone, missed, enabled, next_due)
     values ('code', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [...valuesOf(schedule), schedule.enabled, nextDue(schedule, now)],
  )
}

async function change(djet: Djet, row: Row, declared: CodeSchedule, now: Date): Promise<void> {
  const schedule = declared.hasZone ? declared : { ...declared, zone: row.zone }
  const before = valuesOf({ ...row, plugin: row.plugin ?? '' })
  if (!row.gone && valuesOf(schedule).every((value, n) => value === before[n])) return
  const isNew = row.gone || row.cron !== schedule.cron || row.zone !== schedule.zone
  await djet.query(
    `update jobmachine.schedule
     set plugin = $1, name = $2, job = $3, params = $4, title = $5, priority = $6, cron = $7, zone = $8, missed = $9,
       gone = false, next_due = case when $10 then $11::timestamptz else next_due end,
       modified = now(), modified_by = null, version = version + 1
     where schedule_id = $12`,
    [...valuesOf(schedule), isNew, nextDue({ ...schedule, enabled: row.enabled }, now), row.id],
  )
}

/** A schedule made on the page that has the name of one in the code gets another. */
async function makeRoom(djet: Djet, { id, name }: Row): Promise<void> {
  const other = `${name.slice(0, 80)} (page ${id})`
  await djet.query(
    'update jobmachine.schedule set name = $2, modified = now(), version = version + 1 where schedule_id = $1',
    [id, other],
  )
  djet.log.warn(`schedule '${name}' of the page is called '${other}' now: a plugin declares one of its name`)
}

function valuesOf(schedule: Omit<CodeSchedule, 'hasZone'>): (string | number | null)[] {
  const { plugin, name, job, params, title, priority, cron, zone, missed } = schedule
  return [plugin, name, job, params, title, priority, cron, zone, missed]
}

function nextDue(
  { cron, zone, enabled }: Pick<CodeSchedule, 'cron' | 'zone' | 'enabled'>,
  now: Date,
): Date | null {
  return enabled ? (new Calendar(cron, zone).next(now) ?? null) : null
}
