import type { Basetype } from '../basetype.ts'
import { DjetError } from '../error.ts'
import type { Field } from '../field/field.ts'
import { isEmpty } from '../field/index.ts'
import { type Payload, urlOf } from '../payload.ts'
import type { Djet } from '../scope.ts'

/** The html of a field of the payload's node; empty for an empty value. */
export async function viewField(djet: Djet, payload: Payload, name: string): Promise<string> {
  const field = fieldOf(payload.basetype, name)
  const value = payload.node.data[name]
  if (isEmpty(value) || (field.type === 'protected' && !payload.can('edit'))) return ''
  const values = forField(payload, { name, field, value, title: payload.fieldTitle(name, field) })
  if (REFERRING.has(field.type)) Object.assign(values, await referredTo(djet, field.type, value))
  return djet.app.renderer.render(fieldTemplate(field.type, 'view'), values)
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
  const { formatDate, formatDateTime, formatAmount, formatNumber, formatBytes } = payload
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
  const value = payload.editing.data[name]
  const typed = payload.form.values[name]
  const posted = Object.keys(payload.form.values).length > 0
  const unticked = posted && field.type === 'boolean'
  const text = typed !== undefined ? textOf(typed) : unticked || isEmpty(value) ? '' : field.toForm(value)
  const values = {
    ...forField(payload, { name, field, value, title: payload.fieldTitle(name, field) }),
    text,
    error: payload.form.errors[name],
    id: `field-${name}`,
    required: field.required,
    ...(await referredTo(djet, field.type, value)),
  }
  const input = await djet.app.renderer.render(fieldTemplate(field.type, 'edit'), values)
  return djet.app.renderer.render('field/row.eta', { ...values, input })
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

/** What a field's value refers to: `file` of a file, `target` of a node. */
async function referredTo(djet: Djet, type: string, value: unknown): Promise<Record<string, unknown>> {
  if (type === 'file' && typeof value === 'string') return { file: await djet.files.get(value) }
  if (type === 'node' && typeof value === 'number') return { target: await djet.nodes.get(value) }
  return {}
}

function fieldOf(basetype: Basetype, name: string) {
  const field = basetype.fields[name]
  if (field) return field
  throw new DjetError('FIELD_UNKNOWN', `basetype '${basetype.name}' has no field '${name}'.`)
}
