import { DjetError } from '../../core/index.ts'
import { type Duration, milliseconds } from './duration.ts'

/** So many starts in any span of that length. */
export interface Rate {
  count: number
  per: Duration
}

/** How much of a class may run, on all machines together. */
export interface LimitPolicy<P> {
  /** Tasks of the class at the same time. */
  concurrency?: number
  /** Starts of tasks of the class: `{ count: 100, per: '1m' }`. */
  rate?: Rate
  /** The same for those tasks of the class that share a key, such as a customer or a host. */
  perKey?: {
    /** From the checked parameters, at most 200 characters. */
    key: (params: P) => string
    concurrency?: number
    rate?: Rate
  }
}

/** Checked limits; durations in milliseconds. */
export interface Limits {
  readonly concurrency?: number
  readonly rate?: { readonly count: number; readonly per: number }
  readonly perKey?: {
    readonly concurrency?: number
    readonly rate?: { readonly count: number; readonly per: number }
  }
}

/** Starts that are counted at most for one limit. */
const MOST = 100_000

/**
 * Checks the limits of a job.
 * @throws {DjetError} JOB_INVALID, DURATION_INVALID
 */
export function checkLimits(policy: LimitPolicy<never>, who: string): Limits {
  const { perKey } = policy
  return Object.freeze({
    ...checkOne(policy, who),
    ...(perKey === undefined ? {} : { perKey: Object.freeze(checkOne(perKey, `${who}, per key`)) }),
  })
}

function checkOne(
  { concurrency, rate }: { concurrency?: number; rate?: Rate },
  who: string,
): Omit<Limits, 'perKey'> {
  return {
    ...(concurrency === undefined ? {} : { concurrency: count(concurrency, 'concurrency', who) }),
    ...(rate === undefined
      ? {}
      : {
          rate: {
            count: count(rate.count, 'rate.count', who),
            per: milliseconds(rate.per, `rate of ${who}`),
          },
        }),
  }
}

function count(value: number, name: string, who: string): number {
  if (Number.isInteger(value) && value >= 1 && value <= MOST) return value
  throw new DjetError(
    'JOB_INVALID',
    `${who}: ${name} is ${value}; it must be a whole number from 1 to ${MOST}.`,
  )
}
