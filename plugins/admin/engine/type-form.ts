import {
  type EngineContext,
  KINDS,
  type Kind,
  type KindOption,
  MOST_FIELDS,
  type SiteType,
} from '../../../core/index.ts'
import type { Renames } from '../model/types/plan.ts'

/** One field as the form has it: texts. */
export interface FieldRow {
  /** Which row it is, by which its inputs are called. */
  readonly key: string
  readonly name: string
  /** The name it has in the type as it is; empty: it is new. */
  readonly was: string
  readonly type: string
  readonly title: string
  readonly help: string
  readonly default: string
  readonly required: boolean
  readonly searchable: boolean
  readonly options: Readonly<Record<string, string | readonly string[]>>
}

/** The form of a type: what was typed. */
export interface TypeForm {
  readonly name: string
  readonly title: string
  /** `any`, `these` or, for children, `none`. */
  readonly parentsMode: string
  readonly parents: readonly string[]
  readonly childrenMode: string
  readonly children: readonly string[]
  readonly max: string
  readonly menu: boolean
  readonly childOrder: string
  readonly template: string
  readonly note: string
  readonly rows: readonly FieldRow[]
}

/** What the form asks for, not checked yet. */
export interface TypeRequest {
  readonly definition: Record<string, unknown>
  readonly renames: Renames
}

export const EMPTY_FORM: TypeForm = {
  name: '',
  title: '',
  parentsMode: 'any',
  parents: [],
  childrenMode: 'any',
  children: [],
  max: '',
  menu: true,
  childOrder: 'position',
  template: '',
  note: '',
  rows: [],
}

/** A definition as the form shows it. `isNew`: its fields are not those of a type that is there. */
export function formOf(name: string, definition: SiteType, isNew = false): TypeForm {
  const { title, parents, children, max, menu, childOrder, template, fields } = definition
  return {
    name,
    title,
    parentsMode: parents === null ? 'any' : 'these',
    parents: parents ?? [],
    childrenMode: children === null ? 'any' : children.length === 0 ? 'none' : 'these',
    children: children ?? [],
    max: max === null ? '' : String(max),
    menu,
    childOrder,
    template,
    note: '',
    rows: fields.map((field, i): FieldRow => {
      const options = KINDS.get(field.type)?.options ?? []
      return {
        key: String(i + 1),
        name: field.name,
        was: isNew ? '' : field.name,
        type: field.type,
        title: field.title ?? '',
        help: field.help ?? '',
        default: field.default === undefined ? '' : String(field.default),
        required: field.required ?? false,
        searchable: field.searchable ?? false,
        options: Object.fromEntries(options.map((one) => [one.name, textOf(one, field.options?.[one.name])])),
      }
    }),
  }
}

/** The form as it was posted, with what its buttons for rows ask for done: `add`, `remove-3`, `up-3`, `down-3`. */
export function readForm(ctx: EngineContext): TypeForm {
  const one = (name: string): string => textIn(ctx.form[name])
  const many = (name: string): string[] => listIn(ctx.form[name])
  const rows = many('row')
    .slice(0, 2 * MOST_FIELDS)
    .filter((key) => /^\d{1,6}$/.test(key))
    .map((key): FieldRow => {
      const at = (name: string) => `f${key}-${name}`
      const type = one(at('type'))
      const options = KINDS.get(type)?.options ?? []
      return {
        key,
        name: one(at('name')).trim(),
        was: one(at('was')),
        type,
        title: one(at('title')).trim(),
        help: one(at('help')).trim(),
        default: one(at('default')),
        required: ctx.form[at('required')] !== undefined,
        searchable: ctx.form[at('searchable')] !== undefined,
        options: Object.fromEntries(
          options.map((option) => [
            option.name,
            option.form === 'types' ? many(at(option.name)) : one(at(option.name)),
          ]),
        ),
      }
    })
  return {
    name: one('name').trim(),
    title: one('title').trim(),
    parentsMode: one('parents-mode') || 'any',
    parents: many('parents'),
    childrenMode: one('children-mode') || 'any',
    children: many('children'),
    max: one('max').trim(),
    menu: ctx.form.menu !== undefined,
    childOrder: one('childOrder') || 'position',
    template: one('template').replaceAll('\r\n', '\n'),
    note: one('note').trim(),
    rows: rearranged(rows, one('do'), one('add-type')),
  }
}

function rearranged(rows: readonly FieldRow[], button: string, addType: string): FieldRow[] {
  const [, what, key] = /^(up|down|remove)-(\d{1,6})$/.exec(button) ?? []
  const result = [...rows]
  if (button === 'add' && rows.length < MOST_FIELDS) {
    const next = Math.max(0, ...rows.map((row) => Number(row.key))) + 1
    const type = KINDS.has(addType) ? addType : 'str'
    const texts = { name: '', was: '', title: '', help: '', default: '' }
    result.push({ key: String(next), type, ...texts, required: false, searchable: false, options: {} })
  }
  const at = result.findIndex((row) => row.key === key)
  if (what === undefined || at < 0) return result
  const [row] = result.splice(at, 1)
  if (what !== 'remove') result.splice(Math.max(0, what === 'up' ? at - 1 : at + 1), 0, row!)
  return result
}

/** What the form asks for, as `changeType` takes it. */
export function requestOf(form: TypeForm): TypeRequest {
  const listOf = (mode: string, names: readonly string[]) =>
    mode === 'these' ? names : mode === 'none' ? [] : null
  return {
    definition: {
      title: form.title,
      fields: form.rows.map(fieldOf),
      parents: listOf(form.parentsMode, form.parents),
      children: listOf(form.childrenMode, form.children),
      max: form.max === '' ? null : numberIn(form.max),
      menu: form.menu,
      childOrder: form.childOrder,
      template: form.template,
    },
    renames: Object.fromEntries(
      form.rows.filter(({ name, was }) => was !== '' && was !== name).map(({ name, was }) => [name, was]),
    ),
  }
}

function fieldOf(row: FieldRow): Record<string, unknown> {
  const kind: Kind | undefined = KINDS.get(row.type)
  const options = Object.fromEntries(
    (kind?.options ?? [])
      .map((option): [string, unknown] => [option.name, readOption(option, row.options[option.name])])
      .filter(([, value]) => value !== undefined),
  )
  return {
    name: row.name,
    type: row.type,
    ...(row.title === '' ? {} : { title: row.title }),
    ...(row.help === '' ? {} : { help: row.help }),
    ...(row.default.trim() === '' ? {} : { default: row.default }),
    ...(row.required ? { required: true } : {}),
    ...(row.searchable ? { searchable: true } : {}),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  }
}

/** An option from what was typed; what cannot be read stays text, which its check refuses. */
function readOption(option: KindOption, typed: string | readonly string[] | undefined): unknown {
  if (typed === undefined || typed.length === 0) return undefined
  if (typeof typed !== 'string') return typed
  if (typed.trim() === '') return undefined
  const lines = typed
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  switch (option.form) {
    case 'check':
      return true
    case 'number': {
      const value = numberIn(typed)
      return typeof value === 'number' && option.unit ? Math.round(value * option.unit) : value
    }
    case 'lines':
      return lines
    case 'choices':
      return lines.map((line) => {
        const [value = '', ...label] = line.split('=')
        return { value: value.trim(), label: label.join('=').trim() || inWords(value.trim()) }
      })
    default:
      return typed.trim()
  }
}

function textOf(option: KindOption, value: unknown): string | readonly string[] {
  if (value === undefined || value === null || value === false) return option.form === 'types' ? [] : ''
  if (option.form === 'types') return value as string[]
  if (option.form === 'lines') return (value as string[]).join('\n')
  if (option.form === 'choices')
    return (value as { value: string; label: string }[])
      .map((one) => `${one.value} = ${one.label}`)
      .join('\n')
  return String(typeof value === 'number' && option.unit ? value / option.unit : value)
}

function inWords(value: string): string {
  const words = value.replaceAll(/[-_]+/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function numberIn(text: string): number | string {
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : Array.isArray(value) ? textIn(value[0]) : ''
}

function listIn(value: unknown): string[] {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list.filter((item) => typeof item === 'string')
}
