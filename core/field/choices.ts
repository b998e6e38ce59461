import { DjetError } from '../error.ts'
import { defineField } from './define.ts'
import { choicesOf } from './enum.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'

/**
 * Any number of values of a fixed set, each at most once: checkboxes. A record gives each value its label.
 *
 * @throws {DjetError} FIELD_ENUM_EMPTY
 * @example field.choices({ gf: 'Without gluten', v: 'Vegetarian' }, { title: 'Suits' })
 */
export function choices<const V extends string, const R extends boolean = false>(
  values: readonly V[] | Readonly<Record<V, string>>,
  options: FieldOptions<readonly NoInfer<V>[], R> = {},
): Field<readonly V[], R> {
  const labels = choicesOf(values)
  if (labels.size === 0)
    throw new DjetError('FIELD_ENUM_EMPTY', 'a field.choices must have at least one value')
  return defineField<readonly V[], R>(options, {
    type: 'choices',
    settings: { choices: [...labels].map(([value, label]) => ({ value, label })) },
    parse(input) {
      const given: readonly unknown[] = Array.isArray(input) ? input : String(input).split(',')
      const chosen = new Set(given.map((value) => (typeof value === 'string' ? value.trim() : value)))
      for (const value of chosen) {
        if (typeof value === 'string' && labels.has(value)) continue
        throw new FieldError(`must be of ${[...labels.keys()].join(', ')}`)
      }
      if (chosen.size === 0 && options.required) throw new FieldError('must be filled in')
      // in the order of the set, so that what was ticked first makes no difference
      return [...labels.keys()].filter((value) => chosen.has(value)) as unknown as readonly V[]
    },
    toForm: (chosen) => chosen.join(','),
    toText: (chosen) => chosen.map((value) => labels.get(value) ?? value).join(' '),
    readForm(form, name) {
      // of none that is ticked nothing is sent but this
      if (!Object.hasOwn(form, name)) return Object.hasOwn(form, `${name}.chosen`) ? '' : undefined
      const chosen = [form[name]].flat().filter((value) => value !== '')
      return chosen.length === 0 ? '' : chosen
    },
  })
}
