import { createRequire } from 'node:module'
import { Cron as Croner } from 'croner'
import { DjetError, messageOf } from '../../../core/index.ts'

// Imported, a CommonJS module with a default export is one thing to Node and another to bundlers.
const { default: cronstrue }: typeof import('cronstrue/i18n.js') = createRequire(import.meta.url)(
  'cronstrue/i18n.js',
)

/** Characters of an expression. */
const LONGEST = 200

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const PARTS: readonly { readonly name: string; readonly takes: string }[] = [
  { name: 'second', takes: '0-59' },
  { name: 'minute', takes: '0-59' },
  { name: 'hour', takes: '0-23' },
  { name: 'day of month', takes: '1-31, or L for the last' },
  { name: 'month', takes: '1-12 or JAN-DEC' },
  { name: 'day of week', takes: '0-7 or SUN-SAT' },
]

/**
 * A cron expression, of 5 parts or, with seconds in front, of 6. It knows what clocks show, not where they hang:
 * its times are those of a wall clock, as milliseconds that such a clock in UTC would have.
 */
export class Cron {
  readonly #croner: Croner
  /** The hour begins with `*`: times follow each other evenly through the day. */
  readonly everyHour: boolean
  /** The hour or the minute begins with `*`. */
  readonly even: boolean

  /** @throws {DjetError} CRON_INVALID, 422, naming the part that cannot be read */
  constructor(expression: string) {
    const parts = partsOf(expression)
    this.#croner = read(parts)
    const [, minute = '', hour = ''] = parts
    this.everyHour = hour.startsWith('*')
    this.even = this.everyHour || minute.startsWith('*')
  }

  /** The first time after that one; undefined: there is none. */
  next(wall: number): number | undefined {
    return this.#croner.nextRun(new Date(wall))?.getTime()
  }

  /** The last time before that one. */
  previous(wall: number): number | undefined {
    return this.#croner.previousRuns(1, new Date(wall))[0]?.getTime()
  }
}

/** The expression in words, `At 06:30, Monday through Friday`, of a language; English where it is not known. */
export function cronInWords(expression: string, language = 'en'): string {
  const names = [language.replace('-', '_'), language.split('-')[0]!]
  const locale = names.find((name) => Object.hasOwn(cronstrue.locales, name)) ?? 'en'
  try {
    const text = partsOf(expression).join(' ').replace(/^0 /, '')
    return cronstrue.toString(text, { use24HourTimeFormat: true, locale })
  } catch {
    return expression
  }
}

/** Its 6 parts. */
function partsOf(expression: string): string[] {
  const text = expression.trim()
  if (text.length > LONGEST) throw invalid(`it is longer than ${LONGEST} characters`)
  const parts = (NICKNAMES[text.toLowerCase()] ?? text).split(/\s+/)
  if (text.startsWith('@') && parts.length === 1) {
    throw invalid(`'${text}' is not known; there are ${Object.keys(NICKNAMES).join(', ')}`)
  }
  if (parts.length !== 5 && parts.length !== 6) {
    throw invalid(
      'it needs 5 parts (minute, hour, day of month, month, day of week), or 6 with seconds in front, ' +
        `and has ${text === '' ? 'none' : parts.length}`,
    )
  }
  const six = parts.length === 5 ? ['0', ...parts] : parts
  return six.map((part, n) => ((n === 3 || n === 5) && part === '?' ? '*' : part))
}

function read(parts: readonly string[]): Croner {
  for (const [n, part] of parts.entries()) {
    try {
      if (/[^\w*/,#-]/.test(part)) throw new Error('a character is not known')
      croner(parts.map((_, other) => (other === n ? part : other === 0 ? '0' : '*')))
    } catch (error) {
      const { name, takes } = PARTS[n]!
      throw invalid(
        `${name} '${part}' cannot be read: it takes ${takes}; ranges go upwards (1-5), lists have commas (1,3), ` +
          'steps a slash (*/5)',
        error,
      )
    }
  }
  try {
    return croner(parts)
  } catch (error) {
    throw invalid(messageOf(error).replace(/^CronPattern: /, ''), error)
  }
}

/** Days of month and week: either will do when both are restricted, as in cron(8); `*` in front restricts nothing. */
function croner(parts: readonly string[]): Croner {
  const open = parts[3]!.startsWith('*') || parts[5]!.startsWith('*')
  return new Croner(parts.join(' '), { timezone: 'UTC', paused: true, domAndDow: open })
}

function invalid(what: string, cause?: unknown): DjetError {
  return new DjetError('CRON_INVALID', `${what}.`, { status: 422, cause })
}
