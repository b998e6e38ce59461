import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'
import { checkJson, type Json, jsonText } from './json.ts'

/**
 * A value that only code sets: those who may edit see it, no form changes it. Any JSON value will do.
 *
 * @example field.protected<{ imported: string }>({ title: 'Origin' })
 */
export function protectedValue<T = Json, const R extends boolean = false>(
  options: FieldOptions<T, R> = {},
): Field<T, R> {
  return defineField<T, R>(options, {
    type: 'protected',
    parse(input) {
      if (input === undefined) throw new FieldError('must have a value')
      checkJson(input)
      return input as T // set by code that the type checker has read
    },
    toForm: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
    toText: jsonText,
  })
}
