import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'
import { readText } from './read-text.ts'

export interface StrOptions<R extends boolean = boolean> extends FieldOptions<string, R> {
  /** Characters at most; 255 when absent. */
  maxLength?: number
  /** What the whole text must look like; anchor it with ^ and $. */
  pattern?: RegExp
  /** Said when the pattern does not fit, e.g. `must be five capital letters`. */
  patternMessage?: string
}

/**
 * One line of text. Line breaks in it become spaces, as in a browser's text input.
 *
 * @example field.str({ required: true, pattern: /^[A-Z]{5}$/, patternMessage: 'must be five capital letters' })
 */
export function str<const R extends boolean = false>(options: StrOptions<R> = {}): Field<string, R> {
  const { maxLength = 255, patternMessage = 'has not the expected form' } = options
  // a RegExp with g or y remembers where it stopped, and would refuse every other value
  const pattern =
    options.pattern && new RegExp(options.pattern.source, options.pattern.flags.replace(/[gy]/g, ''))
  return defineField(options, {
    type: 'str',
    searchable: true,
    settings: { maxLength, pattern, patternMessage },
    parse(input) {
      const text = readText(typeof input === 'string' ? input.replace(/[\r\n]+/g, ' ') : input, { maxLength })
      if (pattern !== undefined && !pattern.test(text)) throw new FieldError(patternMessage)
      return text
    },
  })
}
