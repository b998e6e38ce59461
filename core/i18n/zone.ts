import { DjetError, didYouMean } from '../error.ts'

const DAY = 86_400_000

/** `2026-03-31T14:05`, with seconds or without, as an input for a date and a time sends it. */
const WALL = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?$/

/**
 * A time zone: how far its clocks are from UTC, when that changes, and what they show. Times are milliseconds since
 * 1970.
 *
 * @example new Zone('Europe/Rome').offset(Date.UTC(2026, 6, 1))  // 7200000
 * @example new Zone('Europe/Rome').read('2026-03-31T14:05')  // 2026-03-31T12:05:00.000Z
 */
export class Zone {
  /** As IANA spells it. */
  readonly name: string
  readonly #format: Intl.DateTimeFormat

  /** @throws {DjetError} ZONE_UNKNOWN, 422 */
  constructor(name: string) {
    this.name = zoneName(name)
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: this.name, timeZoneName: 'longOffset' })
  }

  /** Milliseconds its clocks are ahead of UTC at a time. */
  offset(time: number): number {
    if (this.name === 'UTC') return 0
    const match = /GMT([+-])(\d+):(\d+)(?::(\d+))?/.exec(this.#format.format(time))
    if (!match) return 0
    const [, sign, hours, minutes, seconds = '0'] = match
    const ahead = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
    return sign === '-' ? -ahead : ahead
  }

  /** The first time after `from`, and `to` at the latest, at which its clocks are put forward or back. */
  firstChange(from: number, to: number): number | undefined {
    for (let low = from; low < to; low += DAY) {
      const high = Math.min(low + DAY, to)
      if (this.offset(low) !== this.offset(high)) return this.#change(low, high)
    }
    return undefined
  }

  /** The last one of that span. */
  lastChange(from: number, to: number): number | undefined {
    for (let high = to; high > from; high -= DAY) {
      const low = Math.max(high - DAY, from)
      if (this.offset(low) !== this.offset(high)) return this.#change(low, high)
    }
    return undefined
  }

  /** What its clocks show at a time, to the second: `2026-03-31T14:05:09`. Empty for what is no time. */
  wall(time: Date | number): string {
    const at = Number(time)
    const there = new Date(at + (Number.isNaN(at) ? 0 : this.offset(at)))
    return Number.isNaN(there.getTime()) ? '' : there.toISOString().replace(/\.\d+Z$/, '')
  }

  /** The day its calendar shows at a time: `2026-03-31`. */
  day(time: Date | number): string {
    return this.wall(time).replace(/T.*$/, '')
  }

  /**
   * The time at which its clocks show `2026-03-31T14:05`: the first one where they are put back and show it twice.
   * A time that tells its own offset (`…Z`, `…+02:00`) is that time.
   * @throws {DjetError} TIME_INVALID, 422: it is none, or one that the clocks leave out as they are put forward
   */
  read(text: string): Date {
    const own = /^(.*\d)(Z|[+-]\d\d:?\d\d)$/.exec(text)
    const shown = own?.[1] ?? text
    const there = WALL.test(shown) ? Date.parse(`${shown.replace(' ', 'T')}Z`) : Number.NaN
    const known = own ? new Date(text) : new Date(there)
    // 31 February would become a day of March.
    const isDay = new Date(there || 0).getUTCDate() === Number(shown.slice(8, 10))
    if (Number.isNaN(there) || !isDay || Number.isNaN(known.getTime())) {
      throw timeInvalid('must be a date with a time, such as 2026-03-31T14:05')
    }
    if (own) return known
    const [before, after] = [this.offset(there - DAY), this.offset(there + DAY)]
    const time = [there - before, there - after]
      .sort((a, b) => a - b)
      .find((time) => time + this.offset(time) === there)
    if (time !== undefined) return new Date(time)
    const change = this.#change(there - DAY, there + DAY)
    const [from, to] = [change + before, change + after].map((time) =>
      new Date(time).toISOString().slice(11, 16),
    )
    throw timeInvalid(`is left out by the clocks of ${this.name}, which go from ${from} to ${to} on that day`)
  }

  /**
   * The first time of a day, `2026-03-31`, or of one some days later.
   * @throws {DjetError} TIME_INVALID, 422: it is no day
   */
  startOf(day: string, later = 0): Date {
    const there = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
    if (Number.isNaN(there) || !new Date(there).toISOString().startsWith(day)) {
      throw timeInvalid('must be a date such as 2026-03-31')
    }
    const midnight = there + later * DAY
    try {
      return this.read(new Date(midnight).toISOString().slice(0, 16))
    } catch {
      // Some clocks are put forward at midnight: the day begins at one.
      return new Date(this.#change(midnight - DAY, midnight + DAY))
    }
  }

  #change(before: number, after: number): number {
    const old = this.offset(before)
    let [low, high] = [before, after]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.offset(middle) === old) low = middle
      else high = middle
    }
    return high
  }
}

/** Zones this Node knows, for lists to choose from. */
export function zoneNames(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')]
}

function timeInvalid(problem: string): DjetError {
  return new DjetError('TIME_INVALID', problem, { status: 422 })
}

/** A zone as IANA spells it. @throws {DjetError} ZONE_UNKNOWN, 422 */
function zoneName(given: string): string {
  const known = zoneNames()
  const same = known.find((name) => name.toLowerCase() === given.toLowerCase())
  if (same !== undefined) return same
  try {
    // Older names of zones are no part of the list, and offsets such as +01:00 know no summer time.
    if (!/^[a-z][\w+-]*(\/[\w+-]+)*$/i.test(given)) throw new RangeError()
    new Intl.DateTimeFormat('en-US', { timeZone: given })
    return given
  } catch (error) {
    const hint = didYouMean(given, known) || ' Use a name like Europe/Rome or UTC.'
    throw new DjetError('ZONE_UNKNOWN', `'${given.slice(0, 100)}' is no time zone.${hint}`, {
      status: 422,
      cause: error,
    })
  }
}
