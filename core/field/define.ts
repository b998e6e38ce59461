import { DjetError, didYouMean, messageOf } from '../error.ts'
import type { Field, FieldOptions, Fields } from './field.ts'

/** What makes one type of field different from another. */
export interface FieldDefinition<T> {
  /** Name of the type, which also names its templates. */
  type: string
  /** What is particular to it, defaults filled in; its keys are the options it knows besides the common ones. */
  settings?: Readonly<Record<string, unknown>>
  /** Whether its text is searched when the options do not say; false when absent. */
  searchable?: boolean
  /** @throws {FieldError} when the value does not fit */
  parse(input: unknown): T
  /** The value as text when absent. */
  toForm?(value: T): string
  /** The form text when absent. */
  toText?(value: T): string
  /** Fields of each row, of a list of rows. */
  columns?: Fields | undefined
  /** Finds its value in a posted form, when its inputs are several. */
  readForm?: ((form: Readonly<Record<string, unknown>>, name: string) => unknown) | undefined
}

const common = ['title', 'help', 'required', 'default', 'searchable', 'updatable', 'storage', 'css'] as const

/**
 * Makes a field out of what its author wrote and what its type does. Plugins make field types of their own
 * with it, and bring the templates `field/<type>.view.eta` and `field/<type>.edit.eta`.
 *
 * @throws {DjetError} FIELD_OPTION_UNKNOWN, FIELD_DEFAULT_INVALID, when the site is loaded
 * @example
 * export const colour = <const R extends boolean = false>(options: FieldOptions<string, R> = {}) =>
 *   defineField(options, { type: 'colour', parse: (input) => readText(input, { maxLength: 7 }) })
 */
export function defineField<T, R extends boolean>(
  options: FieldOptions<T, R>,
  definition: FieldDefinition<T>,
): Field<T, R> {
  const { type, parse } = definition
  const settings = Object.freeze({ ...definition.settings })
  refuseUnknownOptions(type, options, [...common, ...Object.keys(settings)])
  const toForm = definition.toForm ?? String
  return Object.freeze({
    type,
    title: options.title,
    help: options.help,
    // R is false exactly when `required` is absent: the type of the factories says so
    required: (options.required ?? false) as R,
    default: checkedDefault(type, options.default, parse),
    searchable: options.searchable ?? definition.searchable ?? false,
    updatable: options.updatable ?? true,
    storage: options.storage ?? true,
    css: options.css,
    settings,
    parse,
    toForm,
    toText: definition.toText ?? toForm,
    columns: definition.columns,
    readForm: definition.readForm,
  })
}

function refuseUnknownOptions(type: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    throw new DjetError(
      'FIELD_OPTION_UNKNOWN',
      `field.${type} has no option '${name}'.${didYouMean(name, known)} It knows: ${known.join(', ')}`,
    )
  }
}

function checkedDefault<T>(type: string, value: T | undefined, parse: (input: unknown) => T): T | undefined {
  if (value === undefined) return undefined
  try {
    return parse(value)
  } catch (cause) {
    throw new DjetError('FIELD_DEFAULT_INVALID', `the default of a field.${type} ${messageOf(cause)}`, {
      cause,
    })
  }
}
