import type { StoredFile, Zone } from '../../../core/index.ts'
import { DjetError, issueWords } from '../../../core/index.ts'
import { type AnyJob, checkParams } from '../job.ts'
import { countOf, nameBelow, type Part, ROOT } from './part.ts'
import { type Messages, read, withoutBlankRows } from './read.ts'
import { partOf } from './schema.ts'
import { postedTexts, rowsIn, type Texts, textsFor, withoutRow, withRow } from './texts.ts'

/** One part of a form as the template `jobmachine/start-part.eta` shows it. */
export interface FormPart {
  readonly part: Part
  /** Of the input. */
  readonly name: string
  readonly id: string
  /** What stands in it. */
  readonly text: string
  readonly error: string | undefined
  /** Left empty it is an error: an empty list is none where it may be empty. */
  readonly mandatory: boolean
  /** Whether the browser may insist on it: not inside what may be left out as a whole. */
  readonly insist: boolean
  /** Of a group. */
  readonly parts: readonly FormPart[]
  /** Of a list of groups. */
  readonly rows: readonly { readonly name: string; readonly parts: readonly FormPart[] }[]
  readonly count: { readonly name: string; readonly text: string } | undefined
  /** Of a file that was uploaded already. */
  readonly file: StoredFile | undefined
}

/** The first input below a name: where to begin after a row was added. */
export function firstInput(form: FormPart, name: string): string | undefined {
  if (form.name.startsWith(`${name}/`) && !['group', 'rows', 'fixed'].includes(form.part.kind))
    return form.name
  for (const each of [...form.parts, ...form.rows.flatMap(({ parts }) => parts)]) {
    const found = firstInput(each, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** What was read from a posted form. */
export interface ReadParams {
  /** As `send` takes them. */
  readonly params: unknown
  /** What was typed, for showing the form again. */
  readonly values: Texts
  /** By the names of inputs, in their order; empty: all is well. */
  readonly errors: Messages
}

/**
 * The form of a job's parameters, for the template `jobmachine/start-form.eta` (`it.params`). It works without
 * JavaScript: buttons named `_add` and `_remove` post the form, and `changedRows` gives the texts to show next.
 *
 * @param values what stands in it: `paramsTexts(job)` at first, `readParams(…).values` after an error
 * @param errors by the names of inputs
 * @param files uploaded already, by id
 */
export function paramsForm(
  job: Pick<AnyJob, 'params'>,
  values: Texts,
  errors: Messages = {},
  files: ReadonlyMap<string, StoredFile> = new Map(),
): FormPart {
  const show = (part: Part, name: string, insist: boolean): FormPart => {
    const text = values[name] ?? ''
    const inside = insist && part.required
    const mandatory = part.required && !('least' in part && part.least === 0)
    const rows = part.kind === 'rows' ? rowsIn(values, name, part) : 0
    const below = (part: Part, name: string, insist: boolean) =>
      part.kind === 'group'
        ? [...part.parts].map(([key, each]) => show(each, nameBelow(name, key), insist))
        : []
    return {
      part,
      name,
      id: idOf(name),
      text,
      error: errors[name],
      mandatory,
      insist: inside && mandatory,
      parts: below(part, name, inside),
      rows:
        part.kind === 'rows'
          ? Array.from({ length: rows }, (_, n) => ({
              name: nameBelow(name, n),
              parts: below(part.item, nameBelow(name, n), false),
            }))
          : [],
      count: part.kind === 'rows' ? { name: countOf(name), text: String(rows) } : undefined,
      file: part.kind === 'file' ? files.get(text) : undefined,
    }
  }
  return show(partOf(job), ROOT, true)
}

/** The id of the input of a name. */
export function idOf(name: string): string {
  return `f-${name.replace(/[^\w-]/g, '-')}`
}

/**
 * What a form of parameters begins with: the schema's defaults, or given parameters (a schedule's, a task's).
 *
 * @param zone by whose clocks times are shown: `djet.app.zone`
 */
export function paramsTexts(job: Pick<AnyJob, 'params'>, zone: Zone, params?: unknown): Texts {
  return textsFor(partOf(job), ROOT, params, zone)
}

/**
 * Reads the parameters from a posted form and checks them with the job's schema.
 *
 * @param zone by whose clocks times are read: `djet.app.zone`
 * @param form `ctx.form`; of files, their ids by the names of inputs
 * @param files `ctx.files`, which go before what was uploaded earlier
 */
export function readParams(
  job: AnyJob,
  zone: Zone,
  form: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, readonly Pick<StoredFile, 'id'>[]>> = {},
): ReadParams {
  const part = partOf(job)
  const posted: Record<string, string> = { ...postedTexts(form) }
  for (const [name, [file]] of Object.entries(files)) if (file && isOurs(name)) posted[name] = file.id
  const values = withoutBlankRows(part, ROOT, ours(posted), zone)
  const errors: Messages = {}
  const params = read(part, ROOT, values, errors, zone)
  try {
    checkParams(job, params)
  } catch (error) {
    if (!(error instanceof DjetError)) throw error
    const found = messagesOf(job, part, params)
    if (Object.keys(found).length === 0 && Object.keys(errors).length === 0) found[ROOT] = error.message
    for (const [name, message] of Object.entries(found)) errors[name] ??= message
  }
  return { params, values, errors: inOrder(paramsForm(job, values), errors) }
}

/** Messages in the order in which their inputs stand. */
function inOrder(form: FormPart, errors: Messages): Messages {
  const places = new Map(namesIn(form).map((name, n) => [name, n]))
  const place = (name: string): number => places.get(name) ?? 0
  return Object.fromEntries(Object.entries(errors).sort(([a], [b]) => place(a) - place(b)))
}

function namesIn(form: FormPart): string[] {
  return [form.name, ...[...form.parts, ...form.rows.flatMap(({ parts }) => parts)].flatMap(namesIn)]
}

/** What the schema has against parameters, by the inputs where they stand. */
function messagesOf(job: AnyJob, root: Part, params: unknown): Messages {
  const result = job.params.safeParse(params === undefined ? {} : params, { error: issueWords })
  const errors: Messages = {}
  for (const { path, message } of result.error?.issues ?? []) {
    const place = placeOf(root, path)
    errors[place.name] ??= [...(place.within ? [`${place.within}:`] : []), lowered(message)].join(' ')
  }
  return errors
}

/** The input that holds a place of the parameters, and where in it. */
function placeOf(root: Part, path: readonly PropertyKey[]): { name: string; within: string | undefined } {
  let name = ROOT
  let part: Part = root
  for (const [n, key] of path.entries()) {
    const next: Part | undefined =
      part.kind === 'group' ? part.parts.get(String(key)) : part.kind === 'rows' ? part.item : undefined
    if (next === undefined) {
      const rest = path.slice(n).map(String)
      const isLine = part.kind === 'lines' && typeof key === 'number'
      return { name, within: isLine ? `line ${key + 1}` : part.kind === 'many' ? undefined : rest.join('.') }
    }
    name = nameBelow(name, String(key))
    part = next
  }
  return { name, within: undefined }
}

function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}

/**
 * The texts to show next when a button of a list was pressed; undefined: none was. Nothing is checked.
 * @param zone by whose clocks times are shown: `djet.app.zone`
 * @param form `ctx.form`
 */
export function changedRows(
  job: Pick<AnyJob, 'params'>,
  zone: Zone,
  form: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, readonly Pick<StoredFile, 'id'>[]>> = {},
): { values: Texts; focus: string } | undefined {
  const { _add: add, _remove: remove } = form
  if (typeof add !== 'string' && typeof remove !== 'string') return undefined
  const posted: Record<string, string> = { ...postedTexts(form) }
  for (const [name, [file]] of Object.entries(files)) if (file && isOurs(name)) posted[name] = file.id
  const values = ours(posted)
  const root = partOf(job)
  if (typeof add === 'string') {
    const part = partAt(root, add)
    if (part?.kind !== 'rows') return { values, focus: '' }
    const more = withRow(values, add, part, zone)
    return { values: more, focus: nameBelow(add, Math.max(rowsIn(more, add, part) - 1, 0)) }
  }
  const [, list = '', row = ''] = /^(.*)\/(\d{1,4})$/.exec(String(remove)) ?? []
  const part = partAt(root, list)
  return part?.kind === 'rows' && Number(row) < rowsIn(values, list, part)
    ? { values: withoutRow(values, list, Number(row)), focus: list }
    : { values, focus: '' }
}

/** The part an input belongs to. */
function partAt(root: Part, name: string): Part | undefined {
  const [first, ...keys] = name.split('/')
  if (first !== ROOT) return undefined
  let part: Part | undefined = root
  for (const key of keys) {
    if (part?.kind === 'group') part = [...part.parts].find(([each]) => encodeURIComponent(each) === key)?.[1]
    else part = part?.kind === 'rows' && /^\d+$/.test(key) ? part.item : undefined
  }
  return part
}

/** Ids of files that were uploaded for a form already. */
export function fileIdsIn(form: FormPart): string[] {
  if (form.part.kind === 'file') return form.text === '' ? [] : [form.text]
  return [...form.parts, ...form.rows.flatMap(({ parts }) => parts)].flatMap(fileIdsIn)
}

function isOurs(name: string): boolean {
  return name === ROOT || name.startsWith(`${ROOT}/`)
}

function ours(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([name]) => isOurs(name)))
}
