import { DjetError } from './error.ts'

/** Levels of lists and objects in one another that are read of a JSON text. */
const MOST_LEVELS = 200

/** What is wrong with such a text. */
export const TOO_DEEP = 'has too many lists and objects in one another'

/**
 * Whether a JSON text is nested deeper than is read. What goes through a value by calling itself, such as a schema that
 * holds itself, would come to the end of the stack; there even the process may end.
 */
export function isTooDeep(text: string): boolean {
  let level = 0
  let isText = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isText) {
      if (character === '\\') at++
      else if (character === '"') isText = false
    } else if (character === '"') isText = true
    else if (character === '[' || character === '{') {
      if (++level > MOST_LEVELS) return true
    } else if (character === ']' || character === '}') level--
  }
  return false
}

/**
 * Reads a JSON text that somebody typed.
 * @throws {SyntaxError} for what is no JSON
 * @throws {DjetError} JSON_TOO_DEEP, 422
 */
export function readJsonText(text: string): unknown {
  if (!isTooDeep(text)) return JSON.parse(text)
  throw new DjetError('JSON_TOO_DEEP', TOO_DEEP, { status: 422 })
}
