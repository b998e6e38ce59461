import { z } from 'zod'
import type { AnyJob } from '../job.ts'
import { words } from '../words.ts'
import type { GroupPart, Option, Part } from './part.ts'

/** What is used of JSON Schema, with what `.meta()` adds. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
  readonly items?: Schema | false
  readonly prefixItems?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: unknown
  readonly $ref?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly title?: unknown
  readonly description?: unknown
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly widget?: unknown
  readonly accept?: unknown
  readonly maxSize?: unknown
}

/** Groups in groups; what is deeper is JSON text. */
const DEEPEST = 4
/** Rows of one list in a form. */
export const MOST_ROWS = 100
/** A longer text gets several lines. */
const ONE_LINE = 200

/** The parameter schema of a job as JSON Schema of what is sent; undefined when it has none. */
export function jsonSchemaOf(job: Pick<AnyJob, 'params'>): Record<string, unknown> | undefined {
  try {
    return z.toJSONSchema(job.params, {
      io: 'input',
      unrepresentable: 'any',
      reused: 'inline',
      override({ zodSchema, jsonSchema }) {
        const { def } = zodSchema._zod as {
          def: { type: string; format?: string; local?: boolean; coerce?: boolean }
        }
        if (def.type === 'date' && def.coerce)
          Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
        if (def.format === 'time') jsonSchema.format = 'time'
        if (def.format === 'datetime' && def.local) jsonSchema.format = 'local-date-time'
      },
    })
  } catch {
    // A schema that JSON Schema cannot tell: its form is one JSON text, and the schema itself checks it.
    return undefined
  }
}

/** The form of a job's parameters, as a tree of parts. */
export function partOf(job: Pick<AnyJob, 'params'>): Part {
  return part((jsonSchemaOf(job) ?? {}) as Schema, 'Parameters', true, 0)
}

function part(given: Schema, title: string, required: boolean, depth: number): Part {
  const { schema, nullable } = withoutNull(given)
  const common = {
    title: text(given.title) ?? text(schema.title) ?? title,
    help: text(given.description) ?? text(schema.description),
    required: required && given.default === undefined,
    nullable,
    initial: given.default ?? schema.default,
  }
  const widget = schema.widget ?? given.widget
  if (schema.const !== undefined) {
    return required
      ? { ...common, kind: 'fixed', value: schema.const }
      : { ...common, kind: 'choice', options: [option(schema.const)] }
  }
  const options = optionsOf(schema)
  if (options) return { ...common, kind: 'choice', options }
  switch (schema.type) {
    case 'string':
      return widget === 'file'
        ? { ...common, kind: 'file', accept: textsIn(schema.accept), maxSize: sizeIn(schema.maxSize) }
        : { ...common, kind: 'text', ...textSettings(schema, widget) }
    case 'integer':
    case 'number':
      return { ...common, kind: 'number', ...numberSettings(schema) }
    case 'boolean':
      return required
        ? { ...common, kind: 'check' }
        : { ...common, kind: 'choice', options: [option(true, 'yes'), option(false, 'no')] }
    case 'array':
      return { ...common, ...listSettings(schema, depth) }
    case 'object':
      if (schema.properties && schema.additionalProperties !== true && depth < DEEPEST && widget !== 'json') {
        return { ...common, kind: 'group', parts: partsOf(schema, depth) }
      }
  }
  return { ...common, kind: 'json' }
}

function partsOf(schema: Schema, depth: number): GroupPart['parts'] {
  const parts = new Map<string, Part>()
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const isRequired = schema.required?.includes(key) ?? false
    // With a default a box to tick says all there is to say.
    const hasBoxDefault = property.type === 'boolean' && property.default !== undefined
    parts.set(key, part(property, words(key), isRequired || hasBoxDefault, depth + 1))
  }
  return parts
}

function listSettings(schema: Schema, depth: number) {
  const least = schema.minItems ?? 0
  const most = Math.min(schema.maxItems ?? MOST_ROWS, MOST_ROWS)
  if (!schema.items || schema.prefixItems !== undefined) return { kind: 'json' } as const
  const item = part(schema.items, 'Value', true, depth)
  if (item.nullable) return { kind: 'json' } as const
  if (item.kind === 'group') return { kind: 'rows', item, least, most } as const
  if (item.kind === 'choice') return { kind: 'many', options: item.options, least } as const
  if (item.kind === 'number' || (item.kind === 'text' && item.input !== 'area'))
    return { kind: 'lines', item, least } as const
  return { kind: 'json' } as const
}

function textSettings(schema: Schema, widget: unknown) {
  const limits = { minLength: schema.minLength, maxLength: schema.maxLength }
  const plain = { moment: false, pattern: undefined, ...limits }
  if (widget === 'textarea') return { ...plain, input: 'area' } as const
  if (widget === 'date') return { ...plain, input: 'date' } as const
  switch (schema.format) {
    case 'email':
    case 'date':
    case 'time':
      return { ...plain, input: schema.format } as const
    case 'uri':
      return { ...plain, input: 'url' } as const
    case 'date-time':
      return { ...plain, input: 'datetime-local', moment: true } as const
    case 'local-date-time':
      return { ...plain, input: 'datetime-local' } as const
  }
  if ((schema.maxLength ?? 0) > ONE_LINE) return { ...plain, input: 'area' } as const
  return { ...plain, input: 'text', pattern: patternFor(schema.pattern) } as const
}

/** Browsers want a pattern for the whole text, and read it in a stricter way. */
function patternFor(pattern: string | undefined): string | undefined {
  if (!pattern?.startsWith('^') || !pattern.endsWith('$')) return undefined
  try {
    new RegExp(pattern, 'v')
    return pattern
  } catch {
    return undefined
  }
}

function numberSettings(schema: Schema) {
  const isWhole = schema.type === 'integer'
  const beyond = (limit: number | undefined, by: number) =>
    limit === undefined || !isWhole ? undefined : limit + by
  const safe = (limit: number | undefined) =>
    limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? undefined : limit
  return {
    min: safe(schema.minimum ?? beyond(schema.exclusiveMinimum, 1)),
    max: safe(schema.maximum ?? beyond(schema.exclusiveMaximum, -1)),
    step: String(schema.multipleOf ?? (isWhole ? 1 : 'any')),
  }
}

/** What is null or something else, without the null. */
function withoutNull(schema: Schema): { schema: Schema; nullable: boolean } {
  if (Array.isArray(schema.type) && schema.type.includes('null')) {
    const types = schema.type.filter((type) => type !== 'null')
    return { schema: { ...schema, type: types.length === 1 ? types[0]! : types }, nullable: true }
  }
  const others = schema.anyOf?.filter((each) => each.type !== 'null')
  if (!schema.anyOf || !others || others.length === schema.anyOf.length) return { schema, nullable: false }
  return { schema: others.length === 1 ? others[0]! : { ...schema, anyOf: others }, nullable: true }
}

/** The values of an enumeration, or of a union of single values. */
function optionsOf(schema: Schema): Option[] | undefined {
  const values =
    schema.enum ??
    (schema.anyOf?.every((each) => each.const !== undefined)
      ? schema.anyOf.map((each) => each.const)
      : undefined)
  if (!values || values.length === 0) return undefined
  const options = values.map((value) => option(value))
  return new Set(options.map(({ key }) => key)).size === options.length ? options : undefined
}

function option(value: unknown, label?: string): Option {
  const key = typeof value === 'string' ? value : JSON.stringify(value)
  return { key, label: label ?? key, value }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function textsIn(value: unknown): string[] {
  return [value].flat().filter((each) => typeof each === 'string')
}

function sizeIn(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}
