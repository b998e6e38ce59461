import type { Basetype } from '../basetype.ts'
import { DjetError } from '../error.ts'
import type { Field, Fields } from '../field/field.ts'
import { FieldError, isEmpty } from '../field/index.ts'
import { type FormRow, rowsOf } from '../field/rows.ts'
import type { StoredFile } from '../file/files.ts'
import type { Node } from '../node/node.ts'
import { type Payload, urlOf } from '../payload.ts'
import type { Djet } from '../scope.ts'

/** The html of a field of the payload's node; empty for an empty value. */
export async function viewField(djet: Djet, payload: Payload, name: string): Promise<string> {
  const field = fieldOf(payload.basetype, name)
  const value = payload.node.data[name]
  if (isEmpty(value) || (field.type === 'protected' && !payload.can('edit'))) return ''
  const values = forField(payload, { name, field, value, title: payload.fieldTitle(name, field) })
  if (REFERRING.has(field.type)) Object.assign(values, await referredTo(djet, field.type, value))
  if (field.columns !== undefined && Array.isArray(value))
    values.rows = await viewRows(djet, payload, field.columns, value)
  return djet.app.renderer.render(fieldTemplate(field.type, 'view'), values)
}

/** The cells of each row as html. */
async function viewRows(
  djet: Djet,
  payload: Payload,
  columns: Fields,
  rows: readonly Record<string, unknown>[],
): Promise<string[][]> {
  const cell = async (name: string, field: Field, value: unknown): Promise<string> => {
    if (isEmpty(value)) return ''
    const values = forField(payload, { name, field, value, title: payload.fieldTitle(name, field) })
    Object.assign(values, await referredTo(djet, field.type, value))
    return djet.app.renderer.render(fieldTemplate(field.type, 'view'), values)
  }
  return Promise.all(
    rows.map((row) =>
      Promise.all(Object.entries(columns).map(([name, field]) => cell(name, field, row[name]))),
    ),
  )
}

interface ShownField {
  readonly name: string
  readonly field: Field
  readonly value: unknown
  readonly title: string
}

/** What the templates of fields see beside their field: little, for a page may have many. */
function forField(payload: Payload, { name, field, value, title }: ShownField): Record<string, unknown> {
  const { site, node, basetype, user, asset, url, can, t, tHtml, message, language } = payload
  const { timeZone, clock, formatDate, formatDateTime, formatAmount, formatNumber, formatBytes } = payload
  return {
    site,
    node,
    basetype,
    user,
    asset,
    url,
    urlOf,
    can,
    t,
    tHtml,
    message,
    language,
    fieldTitle: payload.fieldTitle,
    timeZone,
    clock,
    formatDate,
    formatDateTime,
    formatAmount,
    formatNumber,
    formatBytes,
    name,
    field,
    value,
    title,
  }
}

/** The html of a field in the form that the payload shows: label, input, help and message. */
export async function editField(djet: Djet, payload: Payload, name: string): Promise<string> {
  const field = fieldOf(payload.editing.basetype, name)
  const { values, errors } = payload.form
  if (payload.editing.changes && !field.updatable) return keptField(djet, payload, name, field)
  return editRow(djet, payload, {
    name,
    field,
    value: payload.editing.data[name],
    typed: values[name],
    posted: Object.keys(values).length > 0,
    error: errors[name],
    rows: field.columns && (await editRows(djet, payload, name, field)),
  })
}

/** What was set when the node was made, which its form does not change. */
async function keptField(djet: Djet, payload: Payload, name: string, field: Field): Promise<string> {
  const values = {
    ...forField(payload, { name, field, value: undefined, title: payload.fieldTitle(name, field) }),
    id: inputId(name),
    fixed: true,
  }
  const input = await djet.app.renderer.render('field/kept.eta', {
    ...values,
    html: await viewField(djet, { ...payload, basetype: payload.editing.basetype }, name),
  })
  return djet.app.renderer.render('field/row.eta', { ...values, input })
}

interface EditedField {
  readonly name: string
  readonly field: Field
  /** What is stored. */
  readonly value: unknown
  /** What was typed, when the form comes back. */
  readonly typed: unknown
  readonly posted: boolean
  readonly error: string | undefined
  readonly title?: string
  readonly rows?: EditedRows | undefined
}

/** What the template of a list of rows shows. */
interface EditedRows {
  readonly items: readonly EditedFormRow[]
  /** A row to copy, whose number is `__row__`. */
  readonly blank: EditedFormRow
}

interface EditedFormRow {
  readonly cells: readonly string[]
  /** What is wrong with the row as a whole. */
  readonly error: string | undefined
}

async function editRow(djet: Djet, payload: Payload, edited: EditedField): Promise<string> {
  const { name, field, value, typed, posted, error, rows } = edited
  const title = edited.title ?? payload.fieldTitle(name, field)
  const unticked = posted && field.type === 'boolean'
  const stored = unticked || isEmpty(value) ? '' : field.toForm(value)
  const referred = await referredTo(djet, field.type, value)
  const values = {
    ...forField(payload, { name, field, value, title }),
    text: typed === undefined ? formText(stored, referred) : textOf(typed),
    chosen: typed === undefined ? (posted ? [] : [value].flat()) : chosenOf(typed),
    error,
    id: inputId(name),
    required: field.required,
    mostBytes: djet.app.config.limits.upload,
    rows,
    ...referred,
  }
  const input = await djet.app.renderer.render(fieldTemplate(field.type, 'edit'), values)
  return djet.app.renderer.render('field/row.eta', { ...values, input })
}

/** The rows of a list as the form has them: as they were typed, else as they are stored, else blank ones. */
async function editRows(djet: Djet, payload: Payload, name: string, field: Field): Promise<EditedRows> {
  const { values, errors } = payload.form
  const columns = field.columns!
  const typed = typedRows(values, name, field)
  const stored = payload.editing.data[name]
  const kept = Array.isArray(stored) ? (stored as Record<string, unknown>[]) : []
  const least = Number(field.settings.min ?? 0)
  const count = Math.max((typed ?? kept).length, typed === undefined ? least : 0)
  const row = async (index: number | '__row__'): Promise<EditedFormRow> => {
    const at = index === '__row__' ? undefined : index
    const posted = at !== undefined && typed !== undefined
    const cells = await Promise.all(
      Object.entries(columns).map(([column, cell]) =>
        editRow(djet, payload, {
          name: `${name}.${index}.${column}`,
          field: cell,
          title: payload.fieldTitle(column, cell),
          value: posted || at === undefined ? undefined : (kept[at]?.[column] ?? cell.default),
          typed: at === undefined ? undefined : typed?.[at]?.[column],
          posted,
          error: errors[`${name}.${index}.${column}`],
        }),
      ),
    )
    return { cells, error: errors[`${name}.${index}`] }
  }
  const items = await Promise.all(Array.from({ length: count }, (_, index) => row(index)))
  return { items, blank: await row('__row__') }
}

/** Rows as they were typed; those that a conflict put in their place are one text. */
function typedRows(
  values: Readonly<Record<string, unknown>>,
  name: string,
  field: Field,
): readonly FormRow[] | undefined {
  const whole = values[name]
  if (whole === undefined) return rowsOf(values, name)
  try {
    return isEmpty(whole) ? [] : (field.parse(whole) as readonly FormRow[])
  } catch (error) {
    if (error instanceof FieldError) return rowsOf(values, name)
    throw error
  }
}

/** The id of an input, in which a row's dots are dashes. */
function inputId(name: string): string {
  return `field-${name.replaceAll('.', '-')}`
}

/** What is ticked; in the form of a conflict one text. */
function chosenOf(typed: unknown): unknown[] {
  return typeof typed === 'string' ? typed.split(',') : [typed].flat()
}

/** A page is named in forms by its path, which people can read and write. */
function formText(stored: string, { target }: { target?: { path: string } | null }): string {
  return target?.path ?? stored
}

/** What was typed, as text; what no form sends is left out. */
function textOf(typed: unknown): string {
  return ['string', 'number', 'boolean'].includes(typeof typed) ? String(typed) : ''
}

/** `field/str.view.eta`; of a plugin's own type `rating/stars`: `rating/field/stars.view.eta`. */
function fieldTemplate(type: string, kind: 'view' | 'edit'): string {
  const slash = type.indexOf('/')
  return slash < 0
    ? `field/${type}.${kind}.eta`
    : `${type.slice(0, slash)}/field/${type.slice(slash + 1)}.${kind}.eta`
}

/** Types of fields whose value refers to something. */
const REFERRING: ReadonlySet<string> = new Set(['file', 'node'])

interface Referred {
  readonly file?: StoredFile | null
  readonly target?: Node | null
}

/** What a field's value refers to: `file` of a file, `target` of a node. */
async function referredTo(djet: Djet, type: string, value: unknown): Promise<Referred> {
  if (type === 'file' && typeof value === 'string') return { file: await djet.files.get(value) }
  if (type === 'node' && typeof value === 'number') return { target: await djet.nodes.get(value) }
  return {}
}

function fieldOf(basetype: Basetype, name: string) {
  const field = Object.hasOwn(basetype.fields, name) ? basetype.fields[name] : undefined
  if (field) return field
  throw new DjetError('FIELD_UNKNOWN', `basetype '${basetype.name}' has no field '${name}'.`)
}
