import type { EngineContext } from '../engine.ts'
import { DjetError } from '../error.ts'
import { type DataOf, type Fields, parseData } from '../field/index.ts'
import { changeRows, withoutEmptyRows } from '../field/rows.ts'
import type { StoredFile } from '../file/files.ts'
import { namedFiles } from '../file/named-files.ts'
import { wantsJson } from '../http/accept.ts'
import { checkReferences } from '../node/data.ts'
import { idsForPaths } from './node-paths.ts'

/** A posted form, checked. */
export interface CheckedForm<F extends Fields> {
  readonly data: ReturnType<typeof parseData<F>>['data']
  /** What was typed, without empty rows. */
  readonly typed: Readonly<Record<string, unknown>>
  /** Files that the form brought or named, by field. */
  readonly files: Readonly<Record<string, StoredFile>>
  /** Messages by field. */
  readonly problems: Record<string, string>
}

/** Checks a posted form: pages by their path, rows, ticks, and files that are his who sends it. */
export async function checkForm<F extends Fields>(
  ctx: EngineContext,
  fields: F,
  { partial, held }: { partial: boolean; held: readonly Readonly<Record<string, unknown>>[] },
): Promise<CheckedForm<F>> {
  const typed = withoutEmptyRows(fields, ctx.form)
  const { values, errors: unknown } = await idsForPaths(ctx.djet, fields, typed)
  const named = await namedFiles(ctx.djet, fields, values, held)
  const files = { ...named.files, ...uploadedFiles(ctx) }
  const { data, errors } = parseData(
    fields,
    { ...values, ...files },
    { partial, form: true, onlyKnown: true },
  )
  const problems: Record<string, string> = { ...errors, ...unknown, ...named.errors }
  for (const [name, texts] of Object.entries(ctx.fileErrors)) problems[name] = texts.join(' ')
  return { data, typed, files, problems }
}

/** The first uploaded file of each file field becomes its value. */
function uploadedFiles({ files }: EngineContext): Record<string, StoredFile> {
  const values: Record<string, StoredFile> = {}
  for (const [name, [file]] of Object.entries(files)) if (file) values[name] = file
  return values
}

/**
 * Lets `it.editField(name)` of the page show these fields instead of those of the node, for a form of one's own.
 * @param data What the form begins with.
 */
export function showFields(
  ctx: EngineContext,
  fields: Fields,
  data: Readonly<Record<string, unknown>> = {},
): void {
  ctx.payload.editing = { basetype: { ...ctx.payload.basetype, fields }, data }
}

/**
 * Checks a posted form of one's own fields as the forms of nodes are checked: pages may be named by their path, rows are
 * read, files are those just uploaded. Gives the values, or null when the form has to be shown again: then status (422, or
 * 200 when a row was added) and `it.form` are set, and rendering the page answers; programs get the messages as JSON.
 *
 * @example
 * const data = await parseForm(ctx, { to: field.node({ required: true }), amount: field.int({ min: 1, required: true }) })
 * if (data === null) return ctx.render('stock/move.eta')
 */
export async function parseForm<const F extends Fields>(
  ctx: EngineContext,
  fields: F,
): Promise<DataOf<F> | null> {
  showFields(ctx, fields)
  const changed = wantsJson(ctx) ? undefined : changeRows(fields, ctx.form, ctx.form.do)
  if (changed !== undefined) {
    ctx.status = 200
    ctx.payload.form = { values: changed, errors: {} }
    return null
  }
  const { data, typed, problems } = await checkForm(ctx, fields, { partial: false, held: [] })
  if (Object.keys(problems).length === 0) Object.assign(problems, await badReferences(ctx, data))
  if (Object.keys(problems).length > 0) {
    failForm(ctx, problems, { values: typed })
    return null
  }
  // complete, since there are no problems
  return data as DataOf<F>
}

/** Messages at fields that name nodes which are not there or of another type. */
async function badReferences(
  { djet, payload }: EngineContext,
  data: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, string>>> {
  try {
    const form = [{ basetype: payload.editing.basetype, data }]
    await checkReferences(djet.connection, form, (permission, branch) => djet.may(permission, branch))
    return {}
  } catch (error) {
    if (error instanceof DjetError && error.fields) return error.fields
    throw error
  }
}

/**
 * Says what is wrong with a posted form when the page is rendered again: messages by field, what was typed, the status
 * (422 when absent). The key `''` is what concerns the form as a whole.
 */
export function failForm(
  ctx: EngineContext,
  errors: Readonly<Record<string, string>>,
  { status = 422, values = ctx.form }: { status?: number; values?: Readonly<Record<string, unknown>> } = {},
): void {
  ctx.status = status
  // What no form sends, such as JSON objects, no form can show again.
  const texts = Object.entries(values).filter(
    ([name, value]) =>
      name !== '_csrf' && name !== 'do' && (typeof value !== 'object' || Array.isArray(value)),
  )
  ctx.payload.form = { values: Object.fromEntries(texts), errors }
}
