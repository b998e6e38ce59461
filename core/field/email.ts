import { z } from 'zod'
import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'
import { readText } from './read-text.ts'

const address = z.email()

/** An e-mail address. */
export function email<const R extends boolean = false>(
  options: FieldOptions<string, R> = {},
): Field<string, R> {
  return defineField(options, {
    type: 'email',
    settings: { maxLength: 254 },
    parse(input) {
      const text = readText(input, { maxLength: 254 })
      if (!address.safeParse(text).success) {
        throw new FieldError('must be an e-mail address such as maria@example.com')
      }
      return text
    },
  })
}
