import sanitizeHtml from 'sanitize-html'
import { defineField } from './define.ts'
import type { Field, FieldOptions } from './field.ts'
import { readText } from './read-text.ts'

export interface HtmlOptions<R extends boolean = boolean> extends FieldOptions<string, R> {
  /** Characters of HTML at most; 200,000 when absent. */
  maxLength?: number
  /** Height of the input in lines; 12 when absent. */
  rows?: number
}

const allowed: sanitizeHtml.IOptions = {
  allowedTags: [
    ...[
      'h2',
      'h3',
      'h4',
      'h5',
      'h6',
      'p',
      'div',
      'blockquote',
      'pre',
      'hr',
      'br',
      'ul',
      'ol',
      'li',
      'dl',
      'dt',
      'dd',
    ],
    ...[
      'a',
      'abbr',
      'b',
      'cite',
      'code',
      'del',
      'em',
      'i',
      'ins',
      'kbd',
      'mark',
      'q',
      's',
      'small',
      'span',
      'strong',
    ],
    ...['sub', 'sup', 'u', 'figure', 'figcaption', 'img'],
    ...['table', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td'],
  ],
  allowedAttributes: {
    '*': ['lang', 'dir', 'title'],
    a: ['href', 'rel'],
    img: ['src', 'alt', 'width', 'height'],
    ol: ['start', 'type'],
    th: ['colspan', 'rowspan', 'scope'],
    td: ['colspan', 'rowspan'],
  },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  // a page has one h1, its title
  transformTags: { h1: 'h2' },
}

/** Rich text. What could harm a reader (scripts, styles, event handlers, odd links) is taken out when it is stored. */
export function html<const R extends boolean = false>(options: HtmlOptions<R> = {}): Field<string, R> {
  const { maxLength = 200_000, rows = 12 } = options
  return defineField(options, {
    type: 'html',
    searchable: true,
    settings: { maxLength, rows },
    parse: (input) => sanitizeHtml(readText(input, { maxLength }), allowed).trim(),
    toText: htmlText,
  })
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }
const inline = /<\/?(a|abbr|b|cite|code|del|em|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|u)\b[^>]*>/g

/** The words of sanitised HTML: tags are gone, and words of different blocks do not run together. */
function htmlText(value: string): string {
  return value
    .replace(inline, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(amp|lt|gt|quot);/g, (_, name: string) => entities[name] ?? '')
    .replace(/\s+/g, ' ')
    .trim()
}
