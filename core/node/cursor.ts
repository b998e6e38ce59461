import { DjetError } from '../error.ts'

/** Packs the key of the last row of a page into a cursor for URLs. */
export function toCursor(key: readonly (number | string)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** What a part of a key is; `id` is a number that a node or a row may have. */
export type KeyPart = 'id' | 'number' | 'string'

const MAX_ID = 2_147_483_647

/**
 * Unpacks a cursor.
 * @param types of the key's parts, e.g. `['number', 'id']`
 * @throws {DjetError} CURSOR_INVALID, 400
 */
export function fromCursor(cursor: string, types: readonly KeyPart[]): (number | string)[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(key) && key.length === types.length && types.every((type, i) => isOf(type, key[i]))) {
      return key
    }
  } catch {
    // falls through to the error below
  }
  throw new DjetError(
    'CURSOR_INVALID',
    'this link to a further page is not complete. Begin at the first page.',
    {
      status: 400,
    },
  )
}

function isOf(type: KeyPart, value: unknown): boolean {
  if (type === 'string') return typeof value === 'string' && !value.includes('\0')
  if (type === 'number') return Number.isFinite(value)
  return Number.isInteger(value) && Math.abs(Number(value)) <= MAX_ID
}

/** Checks the size of a page. @throws {DjetError} LIMIT_INVALID, 400 */
export function checkLimit(limit: number | undefined, most = 1000): number {
  const value = limit ?? 50
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new DjetError('LIMIT_INVALID', `limit must be a whole number from 1 to ${most}.`, { status: 400 })
}
