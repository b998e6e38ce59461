import { inspect } from 'node:util'
import { distance } from 'fastest-levenshtein'

export interface DjetErrorOptions {
  /** HTTP status this error answers with; 500 when absent. */
  status?: number
  /** Whether a visitor may read the message; by default only below status 500. */
  expose?: boolean
  /** What went wrong underneath. */
  cause?: unknown
  /** Messages for single fields of a form, by field name. */
  fields?: Readonly<Record<string, string>>
  /** Facts for programs and pages, such as both states of what two people changed. Shown with the message. */
  details?: Readonly<Record<string, unknown>>
}

/**
 * Every error Djet throws on purpose: a stable `code` for programs, a message that says who, what and what to
 * do for people.
 *
 * @example
 * throw new DjetError('ORDER_SHIPPED', `order ${number} is already shipped`, { status: 409 })
 */
export class DjetError extends Error {
  readonly code: string
  readonly status: number
  readonly expose: boolean
  readonly fields: Readonly<Record<string, string>> | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: string, message: string, options: DjetErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DjetError'
    this.code = code
    this.status = options.status ?? 500
    this.expose = options.expose ?? this.status < 500
    this.fields = options.fields
    this.details = options.details
  }
}

/**
 * ` Did you mean 'x'?` when one of the known words is near the given one, else the empty string.
 *
 * @example
 * didYouMean('prot', ['port', 'host'])  // " Did you mean 'port'?"
 */
export function didYouMean(given: string, known: Iterable<string>): string {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const word of known) {
    const d = distance(given.toLowerCase(), word.toLowerCase())
    if (d < bestDistance) [best, bestDistance] = [word, d]
  }
  const near = best !== undefined && bestDistance <= Math.max(2, Math.floor(given.length / 3))
  return near ? ` Did you mean '${best}'?` : ''
}

/** The message of anything that was thrown, also of what is no error. Never throws. */
export function messageOf(error: unknown): string {
  try {
    const { message } = (error ?? {}) as { message?: unknown }
    if (error instanceof Error || typeof message === 'string') return String(message)
    return typeof error === 'object'
      ? inspect(error, { breakLength: Number.POSITIVE_INFINITY })
      : String(error)
  } catch {
    return 'something was thrown that cannot be shown'
  }
}
