import type { Fields } from './field.ts'

type Form = Readonly<Record<string, unknown>>

/** The values of a row's inputs, by column. */
export type FormRow = Readonly<Record<string, unknown>>

/** Rows of one list that a form may have; a number in a name must not make a list of millions. */
const MOST_ROWS = 1000

/**
 * The rows of a posted form in the order of their numbers: `lines.0.price`, `lines.1.price`. Each row has an input
 * `lines.<row>`, and the list one called `lines.rows`, so that neither an empty row nor an empty list goes unseen.
 * Undefined: the form does not have the list.
 */
export function rowsOf(form: Form, name: string): FormRow[] | undefined {
  const rows = new Map<number, Record<string, unknown>>()
  let found = Object.hasOwn(form, `${name}.rows`)
  for (const [key, value] of Object.entries(form)) {
    if (!key.startsWith(`${name}.`)) continue
    const [, digits, column] = /^(\d{1,6})(?:\.([\w.-]{1,200}))?$/.exec(key.slice(name.length + 1)) ?? []
    if (digits === undefined) continue
    found = true
    const row = rows.get(Number(digits)) ?? {}
    if (column !== undefined) row[column] = value
    rows.set(Number(digits), row)
  }
  if (!found) return undefined
  return [...rows.entries()]
    .sort(([a], [b]) => a - b)
    .slice(0, MOST_ROWS)
    .map(([, row]) => row)
}

/** A form with other rows in one list, numbered from 0. */
export function withRows(form: Form, name: string, rows: readonly FormRow[]): Record<string, unknown> {
  const others = Object.entries(form).filter(([key]) => key !== name && !key.startsWith(`${name}.`))
  const entries = rows.flatMap((row, index) => [
    [`${name}.${index}`, 'row'],
    ...Object.entries(row).map(([column, value]) => [`${name}.${index}.${column}`, value]),
  ])
  return Object.fromEntries([...others, [`${name}.rows`, 'rows'], ...entries])
}

/** Without the rows in which nothing was typed, so that a row too many is no mistake. */
export function withoutEmptyRows(fields: Fields, form: Form): Record<string, unknown> {
  let result: Record<string, unknown> = { ...form }
  for (const [name, field] of Object.entries(fields)) {
    const rows = field.columns === undefined ? undefined : rowsOf(form, name)
    if (rows === undefined) continue
    const filled = rows.filter((row) => Object.values(row).some(isTyped))
    if (filled.length < rows.length) result = withRows(result, name, filled)
  }
  return result
}

function isTyped(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isTyped) : typeof value === 'string' && value.trim() !== ''
}

/** What a button beside a row asks for: `add`, or `remove`, `up` or `down` of a row. */
const BUTTON = /^rows (\S+) (add|remove|up|down)(?: (\d{1,4}))?$/

/**
 * The form after a button beside a row was pressed, in browsers without scripts; undefined: it was no such button.
 *
 * @param button value of the pressed button, e.g. `rows lines remove 2`
 */
export function changeRows(fields: Fields, form: Form, button: unknown): Record<string, unknown> | undefined {
  const [, name = '', action, digits] = BUTTON.exec(String(button ?? '')) ?? []
  if (action === undefined || fields[name]?.columns === undefined) return undefined
  const rows = rowsOf(form, name) ?? []
  const at = Number(digits ?? 0)
  if (action === 'add') rows.push({})
  else if (action === 'remove') rows.splice(at, 1)
  else {
    const [row] = rows.splice(at, 1)
    if (row !== undefined) rows.splice(action === 'up' ? Math.max(at - 1, 0) : at + 1, 0, row)
  }
  return withRows(form, name, rows)
}

/**
 * The value of a list in a posted form: the rows with what was typed, or what a program sent as JSON under the name of
 * the field itself. A checkbox that is absent from its row was not ticked. No rows are an empty value.
 */
export function readRows(columns: Fields, form: Form, name: string): unknown {
  if (Object.hasOwn(form, name)) return form[name]
  const rows = rowsOf(form, name)
  if (rows?.length === 0) return ''
  return rows?.map((row) => {
    const values: Record<string, unknown> = {}
    for (const [column, field] of Object.entries(columns)) {
      const value = field.readForm ? field.readForm(row, column) : row[column]
      const given = value === undefined && field.type === 'boolean' ? false : value
      if (given !== undefined) values[column] = given
    }
    return values
  })
}
