import { type Document, isScalar, Lexer, Parser, parseDocument, stringify, visit } from 'yaml'
import type { z } from 'zod'
import { messageOf } from '../error.ts'
import { columnsOf, readTyped } from './columns.ts'
import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'
import { issueWords } from './issue-words.ts'
import { checkJson, type Json, jsonText, MOST_DEEP, tooDeep } from './json.ts'
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

/**
 * Whether a YAML text is nested deeper than any value may be. It is asked before the text is read, which goes down by
 * calling itself: at the end of its stack the process may end.
 */
function isDeep(text: string): boolean {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    // the tokens come at the end of a document, where they are not needed
    for (const _ of parser.next(lexeme));
    // the document and the innermost value stand on the stack as well
    if (parser.stack.length > MOST_DEEP + 4) return true
  }
  return false
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

function mistakeAt(text: string, place: number, problem: string): FieldError {
  return new FieldError(`must be YAML; line ${text.slice(0, place).split('\n').length}: ${problem}`)
}

/** Where a name stands that its object has already. */
function placeOfSecond(document: Document.Parsed): number | undefined {
  let place: number | undefined
  visit(document, {
    Map(_, { items }) {
      const names = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        if (names.has(key.value)) place = key.range?.[0] ?? 0
        if (place !== undefined) return visit.BREAK
        names.add(key.value)
      }
    },
  })
  return place
}

function fromYaml(text: string): unknown {
  if (isDeep(text)) throw tooDeep()
  // Made readable, thousands of mistakes would take seconds; so would comparing each name with all others.
  const options = { schema: 'core', logLevel: 'silent', prettyErrors: false, uniqueKeys: false } as const
  const document = parseDocument(text, options)
  const [error] = document.errors
  if (error !== undefined) throw mistakeAt(text, error.pos[0], PROBLEMS[error.code] ?? error.message)
  const twice = placeOfSecond(document)
  if (twice !== undefined) throw mistakeAt(text, twice, PROBLEMS.DUPLICATE_KEY!)
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
