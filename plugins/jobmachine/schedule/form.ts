import type { EngineContext, Zone } from '../../../core/index.ts'
import type { AnyJob } from '../job.ts'
import { changedRows, type FormPart, paramsForm, paramsTexts, readParams } from '../start/form.ts'
import type { Part } from '../start/part.ts'
import type { Messages } from '../start/read.ts'
import { partOf } from '../start/schema.ts'
import type { Texts } from '../start/texts.ts'
import type { ScheduleInput } from './check.ts'
import type { ScheduleView } from './list.ts'

/** The texts of a schedule's form, as it is sent and shown again. */
export type ScheduleTexts = Readonly<
  Record<'name' | 'job' | 'params' | 'cron' | 'zone' | 'missed' | 'title' | 'priority', string>
>

const NO_PARAMS = '{}'

/** What an empty form holds, in a zone. */
export function emptyTexts({ name: zone }: Zone): ScheduleTexts {
  const name = ''
  const cron = '0 6 * * MON-FRI'
  return { name, job: '', params: NO_PARAMS, cron, zone, missed: 'skip', title: '', priority: '' }
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
export function postedTexts({ form, djet }: EngineContext): ScheduleTexts {
  const empty = emptyTexts(djet.app.zone)
  const text = (key: keyof ScheduleTexts, absent: string): string => {
    const value = form[key]
    if (value === undefined || value === null) return absent
    if (typeof value === 'string') return value.trim()
    return typeof value === 'number' ? String(value) : JSON.stringify(value)
  }
  return {
    name: text('name', ''),
    job: text('job', ''),
    params: text('params', NO_PARAMS) || NO_PARAMS,
    cron: text('cron', ''),
    zone: text('zone', empty.zone),
    missed: text('missed', empty.missed),
    title: text('title', ''),
    priority: text('priority', ''),
  }
}

/** The parameters of a schedule's form: a text of JSON, or what stands in the inputs made from the job's schema. */
export interface PostedParams {
  /** JSON. */
  readonly params: string
  readonly values: Texts | undefined
  /** By the names of inputs. */
  readonly errors: Messages
  /** The form is to be shown again before anything is saved, beginning at this input. */
  readonly again: string | undefined
}

/** Name of the hidden input that says for which job the inputs of the parameters were made. */
export const PARAMS_OF = 'params_of'

/** Reads the parameters that were posted with a schedule. */
export function postedParams(
  { form, djet }: EngineContext,
  texts: ScheduleTexts,
  job: AnyJob | undefined,
): PostedParams {
  const { zone } = djet.app
  const asText = { params: texts.params, values: undefined, errors: {}, again: undefined }
  if (form[PARAMS_OF] === undefined || job === undefined || !hasForm(job)) {
    return form._job === undefined ? asText : { ...asText, params: NO_PARAMS, again: '' }
  }
  if (form[PARAMS_OF] !== job.name) return { ...asText, values: paramsTexts(job, zone), again: '' }
  const changed = changedRows(job, zone, form)
  if (changed) return { ...asText, values: changed.values, again: changed.focus }
  const { params, values, errors } = readParams(job, zone, form)
  return { params: JSON.stringify(params ?? {}), values, errors, again: undefined }
}

/** Whether nothing was written as parameters. */
export function hasNoParams({ params }: Pick<ScheduleTexts, 'params'>): boolean {
  return params === NO_PARAMS
}

/**
 * The inputs of a schedule's parameters.
 * @param values what stands in them; the parameters of `texts` when absent
 * @returns undefined: they are written as JSON
 */
export function paramsInputs(
  job: AnyJob | undefined,
  zone: Zone,
  texts: ScheduleTexts,
  values: Texts | undefined,
  errors: Messages,
): FormPart | undefined {
  if (job === undefined || !hasForm(job)) return undefined
  return paramsForm(job, values ?? paramsTexts(job, zone, parametersIn(texts.params)), errors)
}

/** A file is chosen for one task, not for all of a schedule. */
function hasForm(job: AnyJob): boolean {
  const hasFile = (part: Part): boolean =>
    part.kind === 'file' ||
    (part.kind === 'group' && [...part.parts.values()].some(hasFile)) ||
    (part.kind === 'rows' && hasFile(part.item))
  return !hasFile(partOf(job))
}

/** Undefined, which stands for the defaults, when it is not JSON. */
function parametersIn(json: string): unknown {
  try {
    return json === NO_PARAMS ? undefined : JSON.parse(json)
  } catch {
    return undefined
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
