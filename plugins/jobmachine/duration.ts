import { DjetError } from '../../core/index.ts'

/** A length of time in words: `500ms`, `30s`, `5m`, `2h`, `1d`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** What PostgreSQL's `integer` holds, in milliseconds: about 24 days. */
const LONGEST_TIMEOUT = 2_147_483_647

/**
 * Milliseconds of a duration.
 *
 * @example
 * milliseconds('5m', "timeout of job 'blog.import'")  // 300000
 * @param who named in the error
 * @throws {DjetError} DURATION_INVALID
 */
export function milliseconds(duration: string, who: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(duration) ?? []
  if (amount === undefined || unit === undefined) {
    throw new DjetError(
      'DURATION_INVALID',
      `${who} is '${duration}', which is no duration. Write a number and a unit: 500ms, 30s, 5m, 2h or 1d.`,
      { status: 422 },
    )
  }
  return Math.round(Number(amount) * UNITS[unit]!)
}

/**
 * Milliseconds of a time limit: more than none and at most 24 days.
 * @throws {DjetError} DURATION_INVALID
 */
export function timeLimit(duration: string, who: string): number {
  const limit = milliseconds(duration, who)
  if (limit >= 1 && limit <= LONGEST_TIMEOUT) return limit
  throw new DjetError('DURATION_INVALID', `${who} is '${duration}'; it must be from 1ms to 24d.`, {
    status: 422,
  })
}

/** Milliseconds in the words a person would use: `1.5s`, `5m`, `2h 30m`. */
export function inWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10}s`
  const minutes = Math.round(ms / 60_000)
  if (minutes < 60) return `${minutes}m`
  if (minutes < 1440)
    return minutes % 60 === 0 ? `${minutes / 60}h` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
  return `${Math.round(minutes / 144) / 10}d`
}
