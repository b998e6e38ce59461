import { DjetError, messageOf, readJsonText, Zone } from '../../../core/index.ts'
import { type AnyJob, checkParams } from '../job.ts'
import { requireJob } from '../registry.ts'
import { Calendar } from './calendar.ts'
import { Cron } from './cron.ts'
import { MISSED, type Missed } from './schedule.ts'

/** What a schedule says, before it is checked. */
export interface ScheduleInput {
  readonly name: string
  /** Class of the job. */
  readonly job: string
  /** JSON. */
  readonly params: string
  readonly cron: string
  readonly zone: string
  readonly missed: string
  readonly title: string | null
  readonly priority: number | null
}

/** What a schedule says, checked, as its row holds it. */
export interface CheckedSchedule extends ScheduleInput {
  readonly missed: Missed
}

/**
 * Checks all a schedule says.
 * @throws {DjetError} SCHEDULE_INVALID, 422, with a message for each field that is wrong
 */
export function checkSchedule(input: ScheduleInput, jobs: ReadonlyMap<string, AnyJob>): CheckedSchedule {
  const fields: Record<string, string> = {}
  const attempt = <T>(field: string, work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof DjetError)) throw error
      fields[field] = error.message
      return undefined
    }
  }
  if (!/^[^\p{Cc}]{1,100}$/u.test(input.name)) fields.name = 'must be 1 to 100 characters in one line.'
  const job = attempt('job', () => requireJob(jobs, input.job))
  const params = job && attempt('params', () => checkJson(job, input.params))
  const cron = attempt('cron', () => new Cron(input.cron))
  const zone = attempt('zone', () => new Zone(input.zone).name)
  if (cron && zone && !new Calendar(input.cron, zone).next(new Date())) {
    fields.cron = 'no such day ever comes.'
  }
  if (!MISSED.includes(input.missed as Missed)) fields.missed = `must be one of ${MISSED.join(', ')}.`
  if (input.title !== null && !/^[^\0]{1,300}$/u.test(input.title)) {
    fields.title = 'must be 1 to 300 characters.'
  }
  if (input.priority !== null && !(Number.isInteger(input.priority) && Math.abs(input.priority) <= 100)) {
    fields.priority = 'must be a whole number from -100 to 100.'
  }
  const wrong = Object.entries(fields)
  if (wrong.length > 0) {
    const list = wrong.map(([field, message]) => `${field}: ${message}`).join(' ')
    throw new DjetError('SCHEDULE_INVALID', `the schedule cannot be used. ${list}`, { status: 422, fields })
  }
  return {
    ...input,
    cron: input.cron.trim(),
    zone: zone!,
    params: params!,
    missed: input.missed as Missed,
  }
}

/** @throws {DjetError} JSON_INVALID, JOB_PARAMS_INVALID, 422 */
function checkJson(job: AnyJob, text: string): string {
  let params: unknown
  try {
    params = readJsonText(text)
  } catch (error) {
    throw new DjetError('JSON_INVALID', `this is no JSON: ${messageOf(error)}.`, {
      status: 422,
      cause: error,
    })
  }
  return checkParams(job, params).json
}
