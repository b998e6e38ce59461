import { FieldError } from './field.ts'

export interface TextLimits {
  /** UTF-16 units at most, as browsers count them. */
  maxLength?: number | undefined
}

/**
 * A piece of text as PostgreSQL can store it: line ends are `\n`, the space around it is gone.
 *
 * @throws {FieldError} when it is no text, too long, or holds characters that cannot be stored
 */
export function readText(input: unknown, { maxLength }: TextLimits = {}): string {
  if (typeof input !== 'string') throw new FieldError('must be a text')
  const text = input.replace(/\r\n?/g, '\n').trim()
  refuseUnstorable(text)
  if (maxLength !== undefined && text.length > maxLength) {
    throw new FieldError(`must be at most ${maxLength} characters long (it has ${text.length})`)
  }
  return text
}

/** @throws {FieldError} for what PostgreSQL refuses in text and JSON: NUL, and halves of surrogate pairs */
export function refuseUnstorable(text: string): void {
  if (text.includes('\0')) throw new FieldError('must not contain the NUL character')
  if (/\p{Surrogate}/u.test(text)) throw new FieldError('must not contain broken characters')
}
