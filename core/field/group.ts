import { DjetError } from '../error.ts'
import { readJsonText } from '../json-text.ts'
import { defineField } from './define.ts'
import { type DataOf, type Field, FieldError, type FieldOptions, type Fields } from './field.ts'
import { parseData } from './parse.ts'
import { readRows } from './rows.ts'

export interface GroupOptions<F extends Fields, R extends boolean = boolean>
  extends Omit<FieldOptions<readonly DataOf<F>[], R>, 'searchable'> {
  /** What each row is made of: any fields but `file`, `protected` and groups. */
  fields: F
  /** Rows at least; 0 when absent, 1 when required. */
  min?: number
  /** Rows at most; 100 when absent, up to 1000. */
  max?: number
  /** What one row is called, for the button that adds one; `row` when absent. */
  rowTitle?: string
}

/** Types that files, rights or forms of their own hang on, which know only fields of a node. */
const REFUSED = ['file', 'protected', 'group']

/**
 * A list of rows, each made of the same fields: the lines of a recipe, links of a box, opening hours. Rows are added,
 * removed and reordered in the form, checked cell by cell, and stored as a list of objects.
 *
 * @throws {DjetError} FIELD_GROUP_INVALID, when the site is loaded
 * @example
 * field.group({ title: 'Ingredients', fields: { what: field.str({ required: true }), grams: field.int({ min: 1 }) } })
 */
export function group<const F extends Fields, const R extends boolean = false>(
  options: GroupOptions<F, R>,
): Field<readonly DataOf<F>[], R> {
  const { fields, max = 100, rowTitle = 'row' } = options
  const min = options.min ?? (options.required ? 1 : 0)
  const invalid = problemOf(fields, min, max)
  if (invalid !== undefined) throw new DjetError('FIELD_GROUP_INVALID', `a field.group ${invalid}`)
  return defineField<readonly DataOf<F>[], R>(options, {
    type: 'group',
    settings: { fields, min, max, rowTitle },
    searchable: Object.values(fields).some(({ searchable }) => searchable),
    columns: fields,
    parse(input) {
      const rows = typeof input === 'string' ? fromJson(input) : input
      if (!Array.isArray(rows)) throw new FieldError('must be a list of rows')
      if (rows.length > max) throw new FieldError(`must have at most ${max} rows (it has ${rows.length})`)
      if (rows.length < min)
        throw new FieldError(min === 1 ? 'must have a row' : `must have at least ${min} rows`)
      return parseRows(fields, rows) as unknown as readonly DataOf<F>[]
    },
    toForm: (rows) => JSON.stringify(rows),
    toText: (rows) => rows.map((row) => rowText(fields, row)).join(' '),
    readForm: (form, name) => readRows(fields, form, name),
  })
}

function problemOf(fields: Fields, min: number, max: number): string | undefined {
  const refused = Object.entries(fields).find(([, { type }]) => REFUSED.includes(type))
  if (Object.keys(fields).length === 0) return 'must have fields'
  if (refused) return `cannot have the field '${refused[0]}': its type is ${refused[1].type}`
  const odd = Object.keys(fields).find((name) => !/^[a-z]\w*$/i.test(name))
  if (odd !== undefined) return `cannot have a field called '${odd}'`
  if (!Number.isInteger(min) || !Number.isInteger(max) || min < 0 || max < Math.max(min, 1) || max > 1000)
    return 'must have min and max with 0 <= min <= max <= 1000'
  return undefined
}

/** @throws {FieldError} with a message for each cell that does not fit */
function parseRows(fields: Fields, rows: readonly unknown[]): Record<string, unknown>[] {
  const errors: Record<string, string> = {}
  const parsed = rows.map((row, index) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      errors[index] = 'must be an object'
      return {}
    }
    const result = parseData(fields, row as Record<string, unknown>)
    for (const [column, message] of Object.entries(result.errors)) errors[`${index}.${column}`] = message
    return result.data
  })
  if (Object.keys(errors).length > 0) throw new FieldError('has rows that do not fit', { fields: errors })
  return parsed
}

function fromJson(text: string): unknown {
  try {
    return readJsonText(text)
  } catch {
    throw new FieldError('must be a list of rows')
  }
}

function rowText(fields: Fields, row: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([name, { searchable }]) => searchable && row[name] !== undefined && row[name] !== null)
    .map(([name, field]) => field.toText(row[name]))
    .join(' ')
}
