import { DjetError, didYouMean } from '../../core/index.ts'
import { type Duration, milliseconds } from './duration.ts'

/** How a task may end. */
const ENDS = ['finished', 'failed'] as const
type End = (typeof ENDS)[number]

/** How long tasks are kept after their end: all alike, or by how they ended. */
export type RetentionPolicy = Duration | { finished?: Duration; failed?: Duration }

/** The same in milliseconds. What is absent is as the next wider rule says. */
export type Retention = number | { readonly [end in End]?: number }

/**
 * Milliseconds of a policy.
 * @throws {DjetError} DURATION_INVALID; RETENTION_INVALID, for another key than `finished` and `failed`
 */
export function retentionOf(policy: RetentionPolicy, who: string): Retention {
  if (typeof policy === 'string') return milliseconds(policy, `retention of ${who}`)
  const odd = Object.keys(policy).find((key) => !(ENDS as readonly string[]).includes(key))
  if (odd !== undefined) {
    throw new DjetError(
      'RETENTION_INVALID',
      `retention of ${who} has 'finished' and 'failed', not '${odd}'.${didYouMean(odd, ENDS)}`,
      { status: 422 },
    )
  }
  const times: { [end in End]?: number } = {}
  for (const end of ENDS) {
    const duration = policy[end]
    if (duration !== undefined) times[end] = milliseconds(duration, `retention.${end} of ${who}`)
  }
  return Object.freeze(times)
}

/** 30 days, in milliseconds. */
const USUAL = 30 * 86_400_000

/**
 * Milliseconds that a task is kept which ended so: what the first of these rules says that says anything, else 30 days.
 */
export function keptFor(end: End, ...rules: readonly (Retention | undefined)[]): number {
  for (const rule of rules) {
    const time = typeof rule === 'number' ? rule : rule?.[end]
    if (time !== undefined) return time
  }
  return USUAL
}
