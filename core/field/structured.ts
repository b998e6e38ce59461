import { parseDocument, stringify } from 'yaml'
import type { z } from 'zod'
import { messageOf } from '../error.ts'
import { columnsOf, readTyped } from './columns.ts'
import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'
import { issueWords } from './issue-words.ts'
import { checkJson, type Json, jsonText } from './json.ts'
import { readText } from './read-text.ts'

export interface StructuredOptions<T, R extends boolean = boolean> extends FieldOptions<T, R> {
  /** What it must look like; also gives its type. Absent: any object or list. */
  schema?: z.ZodType<T>
  /** Characters at most, as YAML and as JSON; 100,000 when absent. */
  maxLength?: number
  /** Height of the input in lines; 8 when absent. */
  rows?: number
}

/** Any object or list without a schema. */
export type Structure = readonly Json[] | { readonly [key: string]: Json }

/**
 * An object or a list, written as YAML in forms; a list of flat objects, if its schema says that, as rows.
 *
 * @example field.structured({ title: 'Opening hours', schema: z.record(z.string(), z.array(z.string())) })
 */
export function structured<T = Structure, const R extends boolean = false>(
  options: StructuredOptions<T, R> = {},
): Field<T, R> {
  const { schema, maxLength = 100_000, rows = 8 } = options
  const columns = columnsOf(schema)
  return defineField<T, R>(options, {
    type: 'structured',
    settings: { schema, maxLength, rows },
    columns,
    readForm: columns && ((form, name) => readTyped(columns, form, name)),
    parse(input) {
      const value = typeof input === 'string' ? fromYaml(readText(input, { maxLength })) : input
      if (typeof value !== 'object' || value === null) throw new FieldError('must be a list or an object')
      checkJson(value)
      if (JSON.stringify(value).length > maxLength)
        throw new FieldError(`must not be larger than ${maxLength} characters`)
      // without a schema T is Structure, which the two checks above have made sure of
      return schema === undefined ? (value as T) : fitting(schema, value, columns !== undefined)
    },
    toForm: (value) => stringify(value, { lineWidth: 100 }),
    toText: jsonText,
  })
}

/** The mistakes people make, in plain words; of the rest the parser's own. */
const PROBLEMS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'it is not indented like the lines it belongs to, or a bracket is not closed',
  BLOCK_AS_IMPLICIT_KEY: "there is a second ': ' in the line; put the text in quotation marks",
  DUPLICATE_KEY: 'this name stands there already',
  MISSING_CHAR: "a quotation mark, a bracket, a comma or a ':' is missing",
  MULTILINE_IMPLICIT_KEY: "a ':' is missing behind a name",
  TAB_AS_INDENT: 'lines are indented with spaces, not with tabs',
  UNEXPECTED_TOKEN: 'a character does not fit there; put the text in quotation marks',
  BAD_SCALAR_START: 'a character does not fit there; put the text in quotation marks',
  BAD_ALIAS: 'a character does not fit there; put the text in quotation marks',
}

function fromYaml(text: string): unknown {
  const document = parseDocument(text, { schema: 'core', logLevel: 'silent' })
  const error = document.errors[0]
  if (error !== undefined) {
    const line = error.linePos?.[0].line
    const own = (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
    const problem = PROBLEMS[error.code] ?? own
    throw new FieldError(line ? `must be YAML; line ${line}: ${problem}` : `must be YAML: ${problem}`)
  }
  try {
    // aliases multiply what they stand for: a few lines could fill the memory
    return document.toJS({ maxAliasCount: 20 })
  } catch (cause) {
    const own = messageOf(cause)
    const problem = own.startsWith('Unresolved alias') ? PROBLEMS.BAD_ALIAS : own
    throw new FieldError(`must be YAML: ${problem}`, { cause })
  }
}

function fitting<T>(schema: z.ZodType<T>, value: unknown, isRows: boolean): T {
  const result = schema.safeParse(value, { error: issueWords })
  if (result.success) return result.data
  const { issues } = result.error
  const cells = issues.filter(({ path }) => path.length > 0)
  if (isRows && cells.length === issues.length) {
    const fields = Object.fromEntries(
      cells.reverse().map(({ path, message }) => [path.slice(0, 2).join('.'), lowered(message)]),
    )
    throw new FieldError('has rows that do not fit', { fields })
  }
  const issue = issues[0]
  const problem = lowered(issue?.message ?? '')
  throw new FieldError(
    issue?.path.length
      ? `has not the expected form; at ${issue.path.join('.')}: ${problem}`
      : `has not the expected form: ${problem}`,
  )
}

/** As it follows the label of a cell. */
function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
