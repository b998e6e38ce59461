import type { DjetApp, Zone } from '../../../core/index.ts'
import { DjetError } from '../../../core/index.ts'
import { jobsOf } from '../registry.ts'
import { type CheckedSchedule, checkSchedule } from './check.ts'

/** A schedule of a plugin, checked. */
export interface CodeSchedule extends CheckedSchedule {
  readonly plugin: string
  readonly enabled: boolean
  /** It names its zone; else the one of the site counts when its row is made, and stays. */
  readonly hasZone: boolean
}

/**
 * All schedules the plugins of a site bring, by name. At boot, when they are only checked, there is no zone of the site yet.
 * @throws {DjetError} SCHEDULE_TWICE, SCHEDULE_INVALID, JOB_TWICE
 */
export function schedulesOf(
  app: Pick<DjetApp, 'contributions'> & { readonly zone?: Zone },
): Map<string, CodeSchedule> {
  const jobs = jobsOf(app)
  const schedules = new Map<string, CodeSchedule>()
  for (const { plugin, value } of app.contributions('schedules')) {
    for (const schedule of value) {
      const { name, enabled } = schedule
      const other = schedules.get(name)
      if (other) {
        throw new DjetError(
          'SCHEDULE_TWICE',
          `plugin '${plugin.name}' brings schedule '${name}', which plugin '${other.plugin}' brings already. Rename one.`,
        )
      }
      try {
        const checked = checkSchedule(
          {
            ...schedule,
            job: schedule.job.name,
            params: JSON.stringify(schedule.params ?? {}),
            zone: schedule.zone ?? app.zone?.name ?? 'UTC',
          },
          jobs,
        )
        schedules.set(name, {
          ...checked,
          plugin: plugin.name,
          enabled,
          hasZone: schedule.zone !== undefined,
        })
      } catch (error) {
        if (!(error instanceof DjetError) || !error.fields) throw error
        const list = Object.entries(error.fields).map(([field, message]) => `${field}: ${message}`)
        throw new DjetError(
          'SCHEDULE_INVALID',
          `schedule '${name}' of plugin '${plugin.name}': ${list.join(' ')}`,
          { cause: error },
        )
      }
    }
  }
  return schedules
}
