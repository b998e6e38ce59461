import { FieldError } from './field.ts'
import { refuseUnstorable } from './read-text.ts'

/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Levels of lists and objects in one another. */
export const MOST_DEEP = 50

export function tooDeep(): FieldError {
  return new FieldError(`must not be nested deeper than ${MOST_DEEP} levels`)
}

/**
 * Checks that a value can be stored as JSON without loss.
 *
 * @throws {FieldError} for functions, dates, NaN, undefined in lists, NUL characters, circles and deep nesting
 */
export function checkJson(value: unknown, depth = 0): void {
  if (depth > MOST_DEEP) throw tooDeep()
  if (typeof value === 'string') {
    refuseUnstorable(value)
    return
  }
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (Array.isArray(value)) {
    for (const item of value) checkJson(item, depth + 1)
    return
  }
  if (!isPlainObject(value)) throw new FieldError('must hold only texts, numbers, yes/no, lists and objects')
  for (const [key, item] of Object.entries(value)) {
    refuseUnstorable(key)
    if (item !== undefined) checkJson(item, depth + 1)
  }
}

/** All texts and numbers in a JSON value, for search. */
export function jsonText(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return ''
  return Object.values(value).map(jsonText).filter(Boolean).join(' ')
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
