import { DjetError, didYouMean } from '../../../core/index.ts'

const DAY = 86_400_000

/**
 * A time zone: how far its clocks are from UTC, and when that changes. Times are milliseconds since 1970.
 *
 * @example new Zone('Europe/Rome').offset(Date.UTC(2026, 6, 1))  // 7200000
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

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** What the clocks of a zone show at a time: `Sun 2026-03-29 03:00:00 +02:00`. */
export function inZone(time: Date, zone: string): string {
  const offset = new Zone(zone).offset(time.getTime())
  const there = new Date(time.getTime() + offset)
  const [day, hour = ''] = there.toISOString().split('T')
  const ahead = new Date(Math.abs(offset)).toISOString().slice(11, 16)
  return `${DAYS[there.getUTCDay()]} ${day} ${hour.slice(0, 8)} ${offset < 0 ? '-' : '+'}${ahead}`
}
