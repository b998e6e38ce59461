import type { EngineContext } from '../../../core/index.ts'
import type { ScheduleInput } from './check.ts'
import type { ScheduleView } from './list.ts'

/** The texts of a schedule's form, as it is sent and shown again. */
export type ScheduleTexts = Readonly<
  Record<'name' | 'job' | 'params' | 'cron' | 'zone' | 'missed' | 'title' | 'priority', string>
>

/** What an empty form holds. */
export const EMPTY: ScheduleTexts = {
  name: '',
  job: '',
  params: '{}',
  cron: '0 6 * * MON-FRI',
  zone: 'UTC',
  missed: 'skip',
  title: '',
  priority: '',
}

/** Texts of a schedule as it is. */
export function textsOf(schedule: ScheduleView): ScheduleTexts {
  const { name, job, params, cron, zone, missed, title, priority } = schedule
  const pretty = JSON.stringify(JSON.parse(params), null, 2)
  return {
    name,
    job,
    params: pretty,
    cron,
    zone,
    missed,
    title: title ?? '',
    priority: String(priority ?? ''),
  }
}

/** Texts of what was posted: a form, or JSON, whose `params` are a value. */
export function postedTexts({ form }: EngineContext): ScheduleTexts {
  const text = (key: keyof ScheduleTexts, absent: string): string => {
    const value = form[key]
    if (value === undefined || value === null) return absent
    if (typeof value === 'string') return value.trim()
    return typeof value === 'number' ? String(value) : JSON.stringify(value)
  }
  return {
    name: text('name', ''),
    job: text('job', ''),
    params: text('params', '{}') || '{}',
    cron: text('cron', ''),
    zone: text('zone', EMPTY.zone),
    missed: text('missed', EMPTY.missed),
    title: text('title', ''),
    priority: text('priority', ''),
  }
}

/** What the texts say; a priority that is no number is one that does not fit. */
export function inputOf(texts: ScheduleTexts): ScheduleInput {
  const { title, priority } = texts
  return {
    ...texts,
    title: title === '' ? null : title,
    priority: priority === '' ? null : /^-?\d{1,5}$/.test(priority) ? Number(priority) : Number.NaN,
  }
}
