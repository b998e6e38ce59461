import { z } from 'zod'
import { boolean } from './boolean.ts'
import { enumeration } from './enum.ts'
import { type Field, FieldError, type Fields } from './field.ts'
import { int } from './int.ts'
import { number } from './number.ts'
import { readRows } from './rows.ts'
import { str } from './str.ts'

/** More columns than these are written as YAML. */
const MOST_COLUMNS = 8

interface Property {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly maxLength?: number
}

/**
 * The columns of a schema that is a list of flat objects, so that a form can show it as rows; undefined: it is not.
 *
 * @example columnsOf(z.array(z.object({ day: z.string(), hours: z.number() })))
 */
export function columnsOf(schema: z.ZodType | undefined): Fields | undefined {
  const json = schema && jsonSchemaOf(schema)
  const item = json?.type === 'array' ? (json.items as Record<string, unknown> | undefined) : undefined
  if (item?.type !== 'object' || typeof item.properties !== 'object') return undefined
  const properties = Object.entries(item.properties as Record<string, Property>)
  const required = Array.isArray(item.required) ? item.required : []
  if (properties.length === 0 || properties.length > MOST_COLUMNS) return undefined
  const columns: Record<string, Field> = {}
  for (const [name, property] of properties) {
    const field = /^[a-z]\w*$/i.test(name) ? fieldFor(property, required.includes(name)) : undefined
    if (field === undefined) return undefined
    columns[name] = field
  }
  return columns
}

/** Undefined for what JSON Schema cannot say: transformations, dates. */
function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> | undefined {
  try {
    return z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>
  } catch {
    return undefined
  }
}

function fieldFor(
  { type, title, description, enum: values, maxLength }: Property,
  required: boolean,
): Field | undefined {
  const options = {
    required,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { help: description }),
  }
  if (values !== undefined && values.length > 0 && values.every((value) => typeof value === 'string'))
    return enumeration(values, options)
  if (type === 'string') return str({ ...options, maxLength: maxLength ?? 2000 })
  if (type === 'integer') return int(options)
  if (type === 'number') return number(options)
  if (type === 'boolean') return boolean(options)
  return undefined
}

/** The rows of a posted form as the schema expects them: numbers as numbers, empty cells absent. */
export function readTyped(columns: Fields, form: Readonly<Record<string, unknown>>, name: string): unknown {
  const rows = readRows(columns, form, name)
  if (!Array.isArray(rows)) return rows
  return rows.map((row: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(row).flatMap(([column, text]) => {
        if (typeof text === 'string' && text.trim() === '') return []
        return [[column, typed(columns[column]!, text)]]
      }),
    ),
  )
}

/** What does not fit is left as it was typed: the schema says what is wrong. */
function typed(field: Field, text: unknown): unknown {
  try {
    return field.parse(text)
  } catch (error) {
    if (error instanceof FieldError) return text
    throw error
  }
}
