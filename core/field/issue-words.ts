import type { z } from 'zod'

/** What is said of what has no words of its own. */
const OTHER = 'has not the expected form'

/**
 * What a schema has against a value, in the words of Djet's own messages: they follow the label of a field and are
 * translated like those. What a schema says itself, `z.string({ error: 'needs a name' })`, goes before.
 *
 * @example schema.safeParse(value, { error: issueWords })
 */
export const issueWords: z.core.$ZodErrorMap = (issue) => wordsFor(issue) ?? OTHER

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
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? `must be one of ${issue.options.map(String).join(', ')}`
        : ofUnion(issue.errors)
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues[0]?.message
    default:
      return undefined
  }
}

/** Of several kinds of value that are possible: what is said of the one that was meant, if that can be told. */
function ofUnion(errors: readonly (readonly z.core.$ZodIssue[])[]): string | undefined {
  const meant = errors.filter((issues) => !issues.some(isOtherKind))
  const [issue] = (meant.length === 1 ? meant[0] : undefined) ?? []
  return issue?.path.length === 0 ? issue.message : undefined
}

function isOtherKind({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
}

/**
 * What a schema has against a value by place, `lines.0.price`; the empty place is the value as a whole. A name that is
 * not known has its message at that name.
 *
 * @param issues of a `safeParse` with `{ error: issueWords }`
 * @example const problems = problemsByPlace(result.error.issues)
 */
export function problemsByPlace(issues: readonly z.core.$ZodIssue[]): Record<string, string> {
  const problems: Record<string, string> = {}
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) problems[[...issue.path, key].join('.')] ??= 'is not known here'
    else problems[issue.path.join('.')] ??= issue.message
  }
  return problems
}

/**
 * A message behind the name of what it is about: `minutes must be a number`, and with a colon where the message is no
 * such end of a sentence.
 */
export function saidOf(name: string, message: string): string {
  return /^(?:must|is|has|may|cannot|needs|names)\b/.test(message)
    ? `${name} ${message}`
    : `${name}: ${message}`
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
