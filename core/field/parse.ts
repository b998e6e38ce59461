import { didYouMean } from '../error.ts'
import { type Field, FieldError, type Fields, type ValueOf } from './field.ts'

export interface ParseOptions {
  /** A change: fields that are not given stay as they are, empty ones are null in the result, no defaults. */
  partial?: boolean
  /** A posted HTML form: a checkbox that is absent was not ticked. Implies `client`. */
  form?: boolean
  /** Sent by a client: protected fields, and in a change those not updatable, are left alone. */
  client?: boolean
  /** Names that are no fields are passed over, for forms that hold more than fields; else they are errors. */
  onlyKnown?: boolean
}

export interface ParsedData<F extends Fields> {
  /** Checked values to store; null: emptied by a change. Complete only when there are no errors. */
  readonly data: { [K in keyof F]?: ValueOf<F[K]> | null }
  /**
   * Messages by field, in words for the person who typed the values; no keys when all is well. The cell of a row is
   * `<field>.<row, from 0>.<column>`.
   */
  readonly errors: Readonly<Record<string, string>>
}

/** Whether there is nothing in it: undefined, null, or text of nothing but space. Lists and false are values. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

/**
 * Checks the values of a whole node or, with `partial`, of a change, and turns them into what is stored.
 *
 * @example
 * const { data, errors } = parseData(order.fields, ctx.form, { form: true, partial: true, onlyKnown: true })
 * if (Object.keys(errors).length > 0) return ctx.render('node/edit.eta', { form: { values: ctx.form, errors } })
 */
export function parseData<F extends Fields>(
  fields: F,
  input: Readonly<Record<string, unknown>>,
  options: ParseOptions = {},
): ParsedData<F> {
  const data = new Map<string, unknown>()
  const errors = new Map<string, string>()
  if (!options.onlyKnown) refuseUnknown(fields, input, errors)
  for (const [name, field] of Object.entries(fields)) {
    const given = givenValue(field, valueIn(input, name, field, options), options)
    if (given === undefined && (options.partial || isFormOnly(field, options))) continue
    try {
      const value = checkedValue(field, given, options)
      if (field.storage && value !== undefined) data.set(name, value)
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
      if (error.fields === undefined) errors.set(name, error.message)
      for (const [part, message] of Object.entries(error.fields ?? {})) errors.set(`${name}.${part}`, message)
    }
  }
  // keys and values come from the fields themselves, so the object has their type
  return { data: Object.fromEntries(data) as ParsedData<F>['data'], errors: Object.fromEntries(errors) }
}

function valueIn(
  input: Readonly<Record<string, unknown>>,
  name: string,
  field: Field,
  { form }: ParseOptions,
): unknown {
  if (form && field.readForm !== undefined) return field.readForm(input, name)
  return Object.hasOwn(input, name) ? input[name] : undefined
}

/** Undefined: not given, or not his to give. */
function givenValue(field: Field, value: unknown, options: ParseOptions): unknown {
  if (options.form || options.client) {
    if (field.type === 'protected' || (options.partial && !field.updatable)) return undefined
  }
  return value === undefined && field.type === 'boolean' && options.form ? false : value
}

/** What is not stored is asked for where it is typed; the node it was typed for is then stored without it. */
function isFormOnly(field: Field, options: ParseOptions): boolean {
  return !field.storage && !options.form && !options.client
}

function checkedValue(field: Field, given: unknown, options: ParseOptions): unknown {
  // a value may turn out to be nothing only when it is read: HTML of nothing but a script
  const value = isEmpty(given) ? undefined : field.parse(given)
  if (!isEmpty(value)) return value
  if (!options.partial && field.default !== undefined) return field.default
  if (field.required) throw new FieldError('must be filled in')
  return options.partial ? null : undefined
}

function refuseUnknown(fields: Fields, input: object, errors: Map<string, string>): void {
  for (const name of Object.keys(input)) {
    if (Object.hasOwn(fields, name)) continue
    errors.set(name, `is not a field here.${didYouMean(name, Object.keys(fields))}`)
  }
}
