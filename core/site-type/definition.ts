import { z } from 'zod'
import type { Basetype } from '../basetype.ts'
import { DjetError, didYouMean, messageOf } from '../error.ts'
import type { Field } from '../field/field.ts'
import { issueWords, problemsByPlace } from '../field/issue-words.ts'
import { KINDS } from './kinds.ts'

/** Fields of one type at most. */
export const MOST_FIELDS = 60

/** Columns of nodes and inputs of their forms, and what every object has. */
const TAKEN = new Set([
  ...['id', 'parentId', 'part', 'path', 'position', 'basetype', 'name', 'title', 'data', 'acl', 'do'],
  ...[
    'created',
    'modified',
    'createdBy',
    'modifiedBy',
    'version',
    'status',
    'note',
    'publishAt',
    'unpublishAt',
  ],
  ...Object.getOwnPropertyNames(Object.prototype),
])

/** Names that mean something else where types are named. */
const RESERVED = new Set([
  'new',
  'core',
  'site',
  'default',
  'djet',
  ...Object.getOwnPropertyNames(Object.prototype),
])

const line = (most: number) =>
  z
    .string({ error: 'must be a text' })
    .trim()
    .max(most, { error: `must be at most ${most} characters` })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    .regex(/^[^\u0000-\u001f\ud800-\udfff]*$/u, { error: 'must be one line of ordinary characters' })

const fieldSchema = z.strictObject({
  name: z
    .string({ error: 'must be filled in' })
    .regex(/^[a-z][A-Za-z0-9_]{0,59}$/, {
      error: 'must begin with a small letter and hold only letters, digits and _, 60 at most',
    })
    .refine((name) => !TAKEN.has(name), { error: 'is the name of something every page has; choose another' }),
  type: z.string().superRefine((type, context) => {
    if (KINDS.has(type)) return
    const hint = didYouMean(type, [...KINDS.keys()])
    context.addIssue({
      code: 'custom',
      message: `is no type of field.${hint} There are: ${[...KINDS.keys()].join(', ')}`,
    })
  }),
  title: line(200).optional(),
  help: line(500).optional(),
  required: z.boolean().optional(),
  searchable: z.boolean().optional(),
  default: z.union([z.string().max(100_000), z.number(), z.boolean()]).optional(),
  options: z.record(z.string(), z.unknown()).optional(),
})

const names = z.array(z.string()).max(200, { error: 'must be at most 200' }).nullable().default(null)

const definitionSchema = z.strictObject({
  title: line(100).min(1, { error: 'must be filled in' }),
  fields: z
    .array(fieldSchema)
    .max(MOST_FIELDS, { error: `must be at most ${MOST_FIELDS}` })
    .default([]),
  parents: names.refine((list) => list === null || list.length > 0, { error: 'must name at least one type' }),
  children: names,
  max: z
    .int({ error: 'must be a whole number from 1 to 1,000,000' })
    .min(1, { error: 'must be a whole number from 1 to 1,000,000' })
    .max(1_000_000, { error: 'must be a whole number from 1 to 1,000,000' })
    .nullable()
    .default(null),
  menu: z.boolean().default(true),
  childOrder: z.enum(['position', 'newest'], { error: 'must be position or newest' }).default('position'),
  template: z
    .string()
    .max(50_000, { error: 'must be at most 50,000 characters' })
    .refine((text) => !text.includes('\0'), { error: 'must not contain the NUL character' })
    .default(''),
  /** Fields it had once: values of them are still in its nodes. */
  retired: z
    .array(z.strictObject({ name: z.string(), type: z.string() }))
    .max(1000)
    .default([]),
})

/** One field of a type made on the site. */
export type SiteField = z.infer<typeof fieldSchema>

/** What a type made on the site is: nothing but data. */
export type SiteType = z.infer<typeof definitionSchema>

/** A definition with messages by place, such as `fields.2.name`; none when all is well. */
export interface CheckedType {
  readonly definition: SiteType | null
  readonly errors: Readonly<Record<string, string>>
}

/** Why a name is none for a type; undefined when it is good. */
export function typeNameProblem(name: string): string | undefined {
  if (name === '') return 'must be filled in'
  if (!/^[a-z][a-z0-9-]{0,59}$/.test(name))
    return 'must begin with a small letter and hold only small letters, digits and -, 60 at most'
  return RESERVED.has(name) ? 'means something else here; choose another' : undefined
}

/** Checks by itself what somebody wrote or sent: not yet whether it fits the other types of the site. */
export function checkDefinition(input: unknown): CheckedType {
  const parsed = definitionSchema.safeParse(input, { error: issueWords })
  if (!parsed.success) return { definition: null, errors: problemsByPlace(parsed.error.issues) }
  const errors: Record<string, string> = {}
  const definition = {
    ...parsed.data,
    fields: parsed.data.fields.map((one, i) => checkField(one, i, errors)),
  }
  const seen = new Set<string>()
  definition.fields.forEach(({ name }, i) => {
    if (seen.has(name)) errors[`fields.${i}.name`] = `is the name of a field above as well`
    seen.add(name)
  })
  return Object.keys(errors).length > 0 ? { definition: null, errors } : { definition, errors }
}

/** A field with its options checked and its default as it will be stored. */
function checkField(given: SiteField, index: number, errors: Record<string, string>): SiteField {
  const kind = KINDS.get(given.type)!
  const at = `fields.${index}`
  const count = Object.keys(errors).length
  for (const name of Object.keys(given.options ?? {})) {
    const option = kind.options.find((known) => known.name === name)
    const known = kind.options.map((one) => one.name)
    if (option === undefined) {
      errors[`${at}.options.${name}`] =
        `is no option of ${given.type}.${didYouMean(name, known)} It has: ${known.join(', ') || 'none'}`
      continue
    }
    const result = option.schema.safeParse(given.options?.[name], { error: issueWords })
    if (!result.success) errors[`${at}.options.${name}`] = result.error.issues[0]?.message ?? 'is not right'
  }
  const { min, max } = (given.options ?? {}) as { min?: string | number; max?: string | number }
  const isOver =
    given.type === 'date'
      ? (a: unknown, b: unknown) => String(a) > String(b)
      : (a: unknown, b: unknown) => Number(a) > Number(b)
  if (min !== undefined && max !== undefined && isOver(min, max))
    errors[`${at}.options.max`] = 'must not be smaller than the smallest value'
  if (kind.options.some(({ name }) => name === 'choices') && given.options?.choices === undefined)
    errors[`${at}.options.choices`] = 'must have at least one'
  if (given.default !== undefined && !kind.hasDefault)
    errors[`${at}.default`] = `is not possible for ${given.type}`
  if (Object.keys(errors).length > count) return given
  const { default: value, ...rest } = given
  const made = madeOf(rest, (message) => {
    errors[`${at}.type`] = `cannot be made with these options: ${message}`
  })
  if (made === undefined || value === undefined) return given
  try {
    const parsed = made.parse(value) as string | number | boolean
    return parsed === '' ? rest : { ...rest, default: parsed }
  } catch (error) {
    errors[`${at}.default`] = messageOf(error)
    return given
  }
}

/** The field, or undefined when its options do not go together, such as a smallest amount with too many digits. */
function madeOf(given: SiteField, problem: (message: string) => void): Field | undefined {
  try {
    return makeField(given)
  } catch (error) {
    problem(messageOf(error))
    return undefined
  }
}

/** The field itself. */
export function makeField({ type, options = {}, name: _, ...common }: SiteField): Field {
  const kind = KINDS.get(type)
  if (kind === undefined) throw new DjetError('FIELD_TYPE_UNKNOWN', `there is no type of field '${type}'.`)
  return kind.make({ ...common, ...options })
}

/**
 * The basetype that a definition means.
 * @throws {DjetError} of what no longer can be made, such as a type of field that is gone
 */
export function buildBasetype(name: string, definition: SiteType, version: number): Basetype {
  const { title, fields, parents, children, max, menu, childOrder, template, retired } = definition
  return Object.freeze({
    name,
    title,
    fields: Object.freeze(Object.fromEntries(fields.map((one) => [one.name, makeField(one)]))),
    ...(parents === null ? {} : { parents }),
    ...(children === null ? {} : { children }),
    ...(max === null ? {} : { max }),
    ...(menu ? {} : { menu }),
    ...(childOrder === 'position' ? {} : { childOrder }),
    ...(template.trim() === '' ? {} : { liquid: template }),
    onSite: Object.freeze({
      version,
      hiddenFiles: retired.filter(({ type }) => type === 'file').map((one) => one.name),
    }),
  })
}
