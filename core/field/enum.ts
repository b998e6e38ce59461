import { DjetError } from '../error.ts'
import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'

export interface EnumOptions<V extends string, R extends boolean = boolean> extends FieldOptions<V, R> {
  /** Shown as radio buttons; true when absent and there are at most three values. */
  radio?: boolean
}

const FEW = 3

/** One choice, for templates: `field.settings.choices`. */
export interface Choice {
  readonly value: string
  readonly label: string
}

/**
 * One value of a fixed set. The values are the type; a record gives each its label.
 *
 * @throws {DjetError} FIELD_ENUM_EMPTY
 * @example field.enum(['open', 'shipped', 'paid'], { required: true })
 * @example field.enum({ open: 'Not shipped yet', shipped: 'Shipped' }, { default: 'open' })
 */
export function enumeration<const V extends string, const R extends boolean = false>(
  values: readonly V[] | Readonly<Record<V, string>>,
  options: EnumOptions<NoInfer<V>, R> = {},
): Field<V, R> {
  const labels = choicesOf(values)
  if (labels.size === 0) throw new DjetError('FIELD_ENUM_EMPTY', 'a field.enum must have at least one value')
  const choices: readonly Choice[] = [...labels].map(([value, label]) => ({ value, label }))
  const isValue = (input: unknown): input is V => typeof input === 'string' && labels.has(input)
  return defineField<V, R>(options, {
    type: 'enum',
    settings: { choices, radio: options.radio ?? labels.size <= FEW },
    parse(input) {
      const value = typeof input === 'string' ? input.trim() : input
      if (!isValue(value)) throw new FieldError(`must be one of ${[...labels.keys()].join(', ')}`)
      return value
    },
    toText: (value) => labels.get(value) ?? value,
  })
}

/** The values of a set with their labels, which are the values in words when none are given. */
export function choicesOf(values: readonly string[] | Readonly<Record<string, string>>): Map<string, string> {
  return new Map<string, string>(
    Array.isArray(values) ? values.map((value) => [value, inWords(value)]) : Object.entries(values),
  )
}

function inWords(value: string): string {
  const words = value.replaceAll(/[-_]+/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
