import type { z } from 'zod'
import type { AnyJob, Job } from '../job.ts'

declare module '../../../core/index.ts' {
  interface Contributions {
    /** Schedules of a plugin: `schedules: [nightlyReport]`. */
    schedules?: readonly Schedule[]
  }
}

/** What becomes of due times that passed while nothing ran: none, one task for all, a task each. */
export type Missed = 'skip' | 'once' | 'all'

/** All of them, the mildest first. */
export const MISSED: readonly Missed[] = ['skip', 'once', 'all']

export interface ScheduleOptions<S extends z.ZodType> {
  job: Job<S>
  /** Parameters of each task. */
  params: z.input<S>
  /** When: 5 parts as in cron(8), or 6 with seconds in front. */
  cron: string
  /** Whose clocks count, e.g. `Europe/Rome`; those of the site (`timeZone`) when absent. */
  zone?: string
  /** `skip` when absent. */
  missed?: Missed
  /** Title of its tasks; what the job makes of the parameters when absent. */
  title?: string
  /** Of its tasks, -100 to 100, lower runs earlier; the job's own when absent. */
  priority?: number
  /** Whether it runs from the first start on; true when absent. Later its page decides. */
  enabled?: boolean
}

/** A job and the times at which it is to be sent, again and again. */
export interface Schedule {
  readonly name: string
  readonly job: AnyJob
  readonly params: unknown
  readonly cron: string
  /** Undefined: the site's. */
  readonly zone: string | undefined
  readonly missed: Missed
  readonly title: string | null
  readonly priority: number | null
  readonly enabled: boolean
}

/**
 * Declares a schedule. A site's plugin contributes it with `schedules: [nightlyReport]`; what is wrong with it is
 * said at boot.
 *
 * @example
 * export const nightlyReport = defineSchedule('shop.nightly-report', {
 *   job: report, params: { days: 1 }, cron: '0 30 6 * * MON-FRI', zone: 'Europe/Rome', missed: 'once',
 * })
 */
export function defineSchedule<S extends z.ZodType>(name: string, options: ScheduleOptions<S>): Schedule {
  return Object.freeze({
    name,
    job: options.job as unknown as AnyJob,
    params: options.params,
    cron: options.cron,
    zone: options.zone,
    missed: options.missed ?? 'skip',
    title: options.title ?? null,
    priority: options.priority ?? null,
    enabled: options.enabled ?? true,
  })
}
