import type { z } from 'zod'

/**
 * What a schema has against a value, in the words of Djet's own messages: they follow the label of a field and are
 * translated like those. What a schema says itself, `z.string({ error: 'needs a name' })`, goes before.
 *
 * @example schema.safeParse(value, { error: issueWords })
 */
export const issueWords: z.core.$ZodErrorMap = (issue) => wordsFor(issue) ?? 'has not the expected form'

function wordsFor(issue: Parameters<z.core.$ZodErrorMap>[0]): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : KINDS[issue.expected]
    case 'too_small':
      return tooSmall(issue.origin, issue.minimum, issue.inclusive !== false)
    case 'too_big':
      return tooBig(issue.origin, issue.maximum, issue.inclusive !== false)
    case 'invalid_value': {
      const values = issue.values.map(String).join(', ')
      return issue.values.length === 1 ? `must be ${values}` : `must be one of ${values}`
    }
    case 'unrecognized_keys':
      return `has a name that is not known: ${issue.keys.join(', ')}`
    case 'invalid_format':
      return FORMATS[issue.format]
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    default:
      return undefined
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'must be a text',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be yes or no (true or false)',
  array: 'must be a list',
  tuple: 'must be a list',
  object: 'must be an object',
  record: 'must be an object',
  date: 'must be a date',
}

const FORMATS: Readonly<Record<string, string>> = {
  email: 'must be an e-mail address such as maria@example.com',
  date: 'must be a date such as 2026-03-31',
  datetime: 'must be a date with a time',
  time: 'must be a time of day such as 14:05',
  url: 'must be a web address such as https://example.com',
  safeint: 'must be a whole number',
}

function tooSmall(origin: string, least: unknown, inclusive: boolean): string | undefined {
  if (origin === 'string') {
    return least === 1 ? 'must not be empty' : `must have at least ${String(least)} characters`
  }
  if (origin === 'array' || origin === 'set')
    return least === 1 ? 'must have at least one' : `must have at least ${String(least)} entries`
  if (origin === 'date') return `must not be before ${dayOf(least)}`
  if (!NUMBERS.has(origin)) return undefined
  return inclusive ? `must be at least ${String(least)}` : `must be more than ${String(least)}`
}

function tooBig(origin: string, most: unknown, inclusive: boolean): string | undefined {
  if (origin === 'string') return `must have at most ${String(most)} characters`
  if (origin === 'array' || origin === 'set') return `must have at most ${String(most)} entries`
  if (origin === 'date') return `must not be after ${dayOf(most)}`
  if (!NUMBERS.has(origin)) return undefined
  return inclusive ? `must be at most ${String(most)}` : `must be less than ${String(most)}`
}

const NUMBERS: ReadonlySet<string> = new Set(['number', 'int', 'bigint'])

/** A limit of dates, which zod holds as a number: `2026-03-31`, or with its time in UTC. */
function dayOf(limit: unknown): string {
  const iso = new Date(Number(limit)).toISOString()
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso
}
