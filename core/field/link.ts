import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'
import { readText } from './read-text.ts'

/** Where something leads: a web address, a mail address (`mailto:`), or a path of this site (`/about`). */
export function link<const R extends boolean = false>(
  options: FieldOptions<string, R> = {},
): Field<string, R> {
  return defineField(options, {
    type: 'link',
    settings: { maxLength: 2000 },
    parse(input) {
      const text = readText(input, { maxLength: 2000 })
      if (!isLink(text)) {
        throw new FieldError('must be a web address such as https://example.com, or a path such as /about')
      }
      return text
    },
  })
}

function isLink(text: string): boolean {
  // browsers drop tabs and line ends and read a backslash as a slash: /\evil.example leads elsewhere
  if (/[\s\\\p{Cc}]/u.test(text)) return false
  if (text.startsWith('/')) return !text.startsWith('//')
  if (/^mailto:/i.test(text)) return /^mailto:[^@?]+@[^@?]+(\?.*)?$/i.test(text)
  return /^https?:\/\/[^/]/i.test(text) && URL.canParse(text)
}
