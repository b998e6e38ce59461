import { defineField } from './define.ts'
import type { Field, FieldOptions } from './field.ts'
import { readText } from './read-text.ts'

export interface TextOptions<R extends boolean = boolean> extends FieldOptions<string, R> {
  /** Characters at most; 100,000 when absent. */
  maxLength?: number
  /** Height of the input in lines; 6 when absent. */
  rows?: number
}

/** Plain text of several lines. @example field.text({ title: 'Remarks', maxLength: 2000 }) */
export function text<const R extends boolean = false>(options: TextOptions<R> = {}): Field<string, R> {
  const { maxLength = 100_000, rows = 6 } = options
  return defineField(options, {
    type: 'text',
    searchable: true,
    settings: { maxLength, rows },
    parse: (input) => readText(input, { maxLength }),
  })
}
