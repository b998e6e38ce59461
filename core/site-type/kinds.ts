import { z } from 'zod'
import { isDay } from '../field/date.ts'
import type { Field } from '../field/field.ts'
import { field } from '../field/index.ts'

/** How a form asks for an option. */
export type OptionForm = 'number' | 'text' | 'check' | 'lines' | 'types' | 'choices'

/** One option of a type of field, as it can be said without code. */
export interface KindOption {
  readonly name: string
  readonly title: string
  readonly help?: string
  readonly form: OptionForm
  /** What one in the form is in the definition: a megabyte of `maxSize`. */
  readonly unit?: number
  readonly schema: z.ZodType
}

/** A type of field that a basetype made on the site may have. */
export interface Kind {
  readonly type: string
  readonly title: string
  readonly options: readonly KindOption[]
  /** Whether a new node can be given a value. */
  readonly hasDefault: boolean
  readonly make: (options: Readonly<Record<string, unknown>>) => Field
}

const MB = 1024 * 1024

const whole = (low: number, high: number) => {
  const error = `must be a whole number from ${low.toLocaleString('en')} to ${high.toLocaleString('en')}`
  return z.int({ error }).min(low, { error }).max(high, { error })
}
const decimal = z.number({ error: 'must be a number' })
const amount = z.string().regex(/^-?\d{1,15}(\.\d{1,10})?$/, { error: 'must be an amount such as 12.50' })
const day = z.string().refine(isDay, { error: 'must be a date such as 2026-03-31' })
const names = z.array(z.string().min(1).max(100)).max(100, { error: 'must be at most 100' })

const maxLength = (most: number): KindOption => ({
  name: 'maxLength',
  title: 'Characters at most',
  form: 'number',
  schema: whole(1, most),
})
const rows: KindOption = {
  name: 'rows',
  title: 'Height of the input in lines',
  form: 'number',
  schema: whole(1, 60),
}
const range = (schema: z.ZodType, form: OptionForm): KindOption[] => [
  { name: 'min', title: 'Smallest value', form, schema },
  { name: 'max', title: 'Largest value', form, schema },
]

const choice = z.strictObject({
  value: z
    .string()
    .regex(/^(?!__proto__$)[\w-]{1,60}$/, { error: 'must have values of letters, digits, - and _' }),
  label: z.string().min(1).max(200),
})
const choices: KindOption = {
  name: 'choices',
  title: 'Choices',
  help: 'One a line: value = Label, or the value alone.',
  form: 'choices',
  schema: z
    .array(choice)
    .min(1, { error: 'must have at least one' })
    .max(500, { error: 'must be at most 500' })
    .refine((list) => new Set(list.map(({ value }) => value)).size === list.length, {
      error: 'must not have a value twice',
    }),
}

type Choices = readonly { readonly value: string; readonly label: string }[]

const kinds: readonly Kind[] = [
  kind('str', 'One line of text', [maxLength(10_000)]),
  kind('text', 'Several lines of text', [maxLength(1_000_000), rows]),
  kind('html', 'Rich text', [maxLength(1_000_000), rows]),
  kind('int', 'Whole number', range(z.int({ error: 'must be a whole number' }), 'number')),
  kind('number', 'Number with decimals', range(decimal, 'number')),
  kind('price', 'Amount of money', [
    { name: 'currency', title: 'Currency', form: 'text', schema: z.string().max(10) },
    { name: 'scale', title: 'Digits behind the point', form: 'number', schema: whole(0, 10) },
    ...range(amount, 'text'),
    { name: 'allowNegative', title: 'Amounts below 0', form: 'check', schema: z.boolean() },
  ]),
  kind('boolean', 'Yes or no', []),
  kind('date', 'Date', range(day, 'text')),
  kind('email', 'E-mail address', []),
  kind('link', 'Link', []),
  { ...kind('enum', 'One of several choices', [choices]), make: withChoices(field.enum) },
  {
    ...kind('choices', 'Any of several choices', [choices]),
    hasDefault: false,
    make: withChoices(field.choices),
  },
  {
    ...kind('node', 'Another page', [
      { name: 'basetypes', title: 'Of these types', help: 'None: any.', form: 'types', schema: names },
    ]),
    hasDefault: false,
  },
  {
    ...kind('file', 'File', [
      {
        name: 'accept',
        title: 'Kinds of files',
        help: 'One a line, such as .pdf or image/*; none: any.',
        form: 'lines',
        schema: z
          .array(
            z
              .string()
              .regex(/^(\.[\w.-]{1,20}|[\w.+-]{1,60}\/[\w.+*-]{1,60})$/, 'must be such as .pdf or image/*'),
          )
          .max(50),
      },
      { name: 'maxSize', title: 'Largest size in MB', form: 'number', unit: MB, schema: whole(1, 1024 * MB) },
    ]),
    hasDefault: false,
  },
  { ...kind('structured', 'List or object, as YAML', [rows]), hasDefault: false },
]

/** Types of fields that can be said without code, by name. */
export const KINDS: ReadonlyMap<string, Kind> = new Map(kinds.map((one) => [one.type, one]))

/** Types whose choices are their first argument. */
function withChoices(make: typeof field.enum | typeof field.choices): Kind['make'] {
  return ({ choices = [], ...options }) =>
    make(
      Object.fromEntries((choices as Choices).map(({ value, label }) => [value, label])),
      options,
    ) as unknown as Field
}

function kind(
  type: Exclude<keyof typeof field, 'enum'> | 'enum',
  title: string,
  options: readonly KindOption[],
): Kind {
  // What the options are was checked by their schemas, of which the compiler sees only that there are some.
  const make = field[type] as unknown as (options: object) => Field
  return { type, title, options, hasDefault: true, make }
}
