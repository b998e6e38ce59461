import { DjetError } from '../error.ts'

const LONGEST = 255

/**
 * Checks the name or the title of a node: one line of at most 255 characters.
 * @throws {DjetError} NODE_TEXT_INVALID, 422
 */
export function checkText(field: 'name' | 'title' | 'note', text: string): string {
  const problem =
    text.length > LONGEST
      ? `is longer than ${LONGEST} characters`
      : isStorable(text)
        ? undefined
        : 'has characters that no text has'
  if (problem === undefined) return text
  throw new DjetError('NODE_TEXT_INVALID', `the ${field} ${problem}.`, {
    status: 422,
    fields: { [field]: problem },
  })
}

/**
 * Checks a line about a change.
 * @throws {DjetError} NODE_TEXT_INVALID, 422
 */
export function checkNote(note: string | undefined): string | null {
  if (note === undefined || note.trim() === '') return null
  return checkText('note', note.trim())
}

/**
 * Whether text has neither control characters nor halves of surrogate pairs, which PostgreSQL refuses, nor breaks of
 * lines and overrides of direction, which would turn what stands beside it.
 */
export function isStorable(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return !/[\u0000-\u001f\u007f\u2028-\u202e]|\p{Surrogate}/u.test(text)
}
