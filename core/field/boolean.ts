import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'

const words = new Map<unknown, boolean>([
  [true, true],
  ['true', true],
  ['on', true],
  ['1', true],
  [1, true],
  [false, false],
  ['false', false],
  ['off', false],
  ['0', false],
  [0, false],
])

/** Yes or no, a checkbox: one that is not ticked is absent from a posted form and means no. */
export function boolean<const R extends boolean = false>(
  options: FieldOptions<boolean, R> = {},
): Field<boolean, R> {
  return defineField(options, {
    type: 'boolean',
    parse(input) {
      const value = words.get(typeof input === 'string' ? input.trim().toLowerCase() : input)
      if (value === undefined) throw new FieldError('must be yes or no (true or false)')
      return value
    },
    toForm: (value) => (value ? 'on' : ''),
    toText: () => '',
  })
}
