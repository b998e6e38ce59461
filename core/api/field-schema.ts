import type { z } from 'zod'
import type { Field, Fields } from '../field/field.ts'
import { fieldTitle } from '../field/title.ts'
import { type JsonSchema, schemaOf } from './json-schema.ts'

/** What a type of field is in JSON. */
type SchemaMaker = (settings: Readonly<Record<string, unknown>>) => JsonSchema

const limits = ({ min, max }: Readonly<Record<string, unknown>>): JsonSchema => ({
  ...(typeof min === 'number' ? { minimum: min } : {}),
  ...(typeof max === 'number' ? { maximum: max } : {}),
})
const text: SchemaMaker = ({ maxLength, pattern }) => ({
  type: 'string',
  ...(typeof maxLength === 'number' ? { maxLength } : {}),
  ...(pattern instanceof RegExp && !/[im]/.test(pattern.flags) ? { pattern: pattern.source } : {}),
})

const MAKERS: Readonly<Record<string, SchemaMaker>> = {
  str: text,
  text,
  html: (settings) => ({ ...text(settings), contentMediaType: 'text/html' }),
  link: text,
  email: () => ({ type: 'string', format: 'email', maxLength: 254 }),
  int: (settings) => ({ type: 'integer', ...limits(settings) }),
  number: (settings) => ({ type: 'number', ...limits(settings) }),
  boolean: () => ({ type: 'boolean' }),
  date: () => ({ type: 'string', format: 'date' }),
  enum: ({ choices }) => ({
    enum: (choices as readonly { value: string }[]).map(({ value }) => value),
  }),
  price: ({ scale, allowNegative }) => ({
    type: 'string',
    pattern: `^${allowNegative ? '-?' : ''}\\d+${scale === 0 ? '' : `(\\.\\d{1,${scale}})?`}$`,
  }),
  choices: ({ choices }) => ({
    type: 'array',
    uniqueItems: true,
    items: { enum: (choices as readonly { value: string }[]).map(({ value }) => value) },
  }),
  group: ({ fields, min, max }) => ({
    type: 'array',
    ...(typeof min === 'number' && min > 0 ? { minItems: min } : {}),
    ...(typeof max === 'number' ? { maxItems: max } : {}),
    items: newDataSchema(fields as Fields),
  }),
  node: () => ({ type: 'integer', minimum: 1 }),
  file: () => ({ type: 'string' }),
  structured: ({ schema }) =>
    schema === undefined ? { type: ['object', 'array'] } : schemaOf(schema as z.ZodType, 'input'),
}

/** What else is to be said of a field, in words. */
function wordsOf({ type, help, settings, updatable }: Field): string | undefined {
  const { min, max, currency, basetypes, choices } = settings
  const labels = (choices as readonly { value: string; label: string }[] | undefined)?.map(
    ({ value, label }) => `${value}: ${label}`,
  )
  const parts = [
    help,
    type === 'price' && currency ? `In ${String(currency)}.` : undefined,
    ['price', 'date'].includes(type) && min !== undefined ? `At least ${String(min)}.` : undefined,
    ['price', 'date'].includes(type) && max !== undefined ? `At most ${String(max)}.` : undefined,
    type === 'node' && Array.isArray(basetypes)
      ? `Id of a node of type ${basetypes.join(' or ')}.`
      : undefined,
    type === 'file' ? 'Id of a file, from uploadFile.' : undefined,
    labels === undefined ? undefined : `${labels.join('; ')}.`,
    updatable ? undefined : 'Set once, when the node is made.',
  ]
  const words = parts.filter((part) => part !== undefined && part !== '').join(' ')
  return words === '' ? undefined : words
}

/** A field as JSON Schema: how its value is stored and sent. */
export function fieldSchema(name: string, field: Field): JsonSchema {
  const description = wordsOf(field)
  return {
    title: fieldTitle(name, field),
    ...(description === undefined ? {} : { description }),
    ...(Object.hasOwn(MAKERS, field.type) ? MAKERS[field.type]!(field.settings) : {}),
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.type === 'protected' ? { readOnly: true } : {}),
  }
}

/** The data of a node as answers give it. Older nodes may lack what is required today, and hold what is no field now. */
export function dataSchema(fields: Fields): JsonSchema {
  const stored = Object.entries(fields).filter(([, field]) => field.storage)
  return {
    type: 'object',
    properties: Object.fromEntries(stored.map(([name, field]) => [name, fieldSchema(name, field)])),
  }
}

/** The data that makes a node. */
export function newDataSchema(fields: Fields): JsonSchema {
  const open = Object.entries(fields).filter(([, { type }]) => type !== 'protected')
  const required = open.filter(([, field]) => field.required && field.default === undefined)
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 ? { required: required.map(([name]) => name) } : {}),
    properties: Object.fromEntries(
      open.map(([name, field]) => [name, field.required ? fieldSchema(name, field) : nullable(name, field)]),
    ),
  }
}

/** The data that changes a node: what is not there stays. */
export function changedDataSchema(fields: Fields): JsonSchema {
  const open = Object.entries(fields).filter(([, { type, updatable }]) => type !== 'protected' && updatable)
  return {
    type: 'object',
    properties: Object.fromEntries(
      open.map(([name, field]) => [name, field.required ? fieldSchema(name, field) : nullable(name, field)]),
    ),
  }
}

/** Null empties it. */
function nullable(name: string, field: Field): JsonSchema {
  const { title, description, default: value, ...schema } = fieldSchema(name, field)
  return {
    title,
    ...(description === undefined ? {} : { description }),
    ...(value === undefined ? {} : { default: value }),
    anyOf: [schema, { type: 'null' }],
  }
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  str: 'Text',
  text: 'Text',
  html: '<p>Text</p>',
  link: 'https://example.com/',
  email: 'maria@example.com',
  boolean: true,
  date: '2026-03-31',
  price: '12',
  node: 1,
}

/** Data that would make a node, for an example; undefined where no such thing can be told from the fields alone. */
export function sampleData(fields: Fields): Record<string, unknown> | undefined {
  const data: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (field.type === 'protected' || !field.required || field.default !== undefined) continue
    const value = sampleOf(field)
    if (value === undefined) return undefined
    data[name] = value
  }
  return data
}

function sampleOf({ type, settings, parse }: Field): unknown {
  const { min, choices } = settings
  const wished =
    type === 'enum'
      ? (choices as readonly { value: string }[])[0]?.value
      : ['int', 'number'].includes(type)
        ? typeof min === 'number'
          ? min
          : 1
        : SAMPLES[type]
  try {
    return wished === undefined ? undefined : parse(wished)
  } catch {
    return undefined
  }
}
