import { Zone } from '../../../core/index.ts'
import { Cron } from './cron.ts'

const DAY = 86_400_000

/**
 * When a schedule is due: a cron expression by the clocks of a zone, through the days on which those are put forward
 * or back as cron(8) does it. A time that does not exist is due right after the gap; a time that exists twice is due
 * the first time; but with `*` in hour or minute both ways by the clock, evenly.
 *
 * @example
 * const calendar = new Calendar('30 2 * * *', 'Europe/Rome')
 * calendar.next(new Date('2026-03-29T00:00Z'))  // 01:00Z: the clocks go from 02:00 to 03:00
 * @throws {DjetError} CRON_INVALID, ZONE_UNKNOWN, 422
 */
export class Calendar {
  readonly #cron: Cron
  readonly #zone: Zone

  constructor(cron: string, zone: string) {
    this.#cron = new Cron(cron)
    this.#zone = new Zone(zone)
  }

  /** The first due time after that one; undefined: there is none. */
  next(after: Date): Date | undefined {
    let from = after.getTime()
    let offset = this.#zone.offset(from)
    let wall = Math.max(from + offset, this.#repeatedUntil(from) - 1)
    for (;;) {
      const found = this.#cron.next(wall)
      if (found === undefined) return undefined
      const change = this.#zone.firstChange(from, found - offset)
      if (change === undefined) return new Date(found - offset)
      if (this.#fallsIntoGap(change)) return new Date(change)
      from = change
      offset = this.#zone.offset(change)
      wall = Math.max(change + offset, this.#repeatedUntil(change)) - 1
    }
  }

  /** The last due time before that one, or at it. */
  last(until: Date): Date | undefined {
    let to = until.getTime()
    for (;;) {
      const offset = this.#zone.offset(to)
      const found = this.#cron.previous(to + offset + 1)
      if (found === undefined) return undefined
      const due = found - offset
      const change = this.#zone.lastChange(due, to)
      if (change === undefined && found >= this.#repeatedUntil(due)) return new Date(due)
      if (change !== undefined && this.#fallsIntoGap(change)) return new Date(change)
      to = (change ?? this.#zone.lastChange(due - DAY, due)!) - 1
    }
  }

  /** Up to what the clocks show at a time again what they have shown already, if that counts. */
  #repeatedUntil(time: number): number {
    if (this.#cron.even) return Number.NEGATIVE_INFINITY
    const change = this.#zone.lastChange(time - DAY, time)
    return change === undefined ? Number.NEGATIVE_INFINITY : change + this.#zone.offset(change - 1)
  }

  /** Whether a time is left out when clocks are put forward. */
  #fallsIntoGap(change: number): boolean {
    if (this.#cron.everyHour) return false
    const first = change + this.#zone.offset(change - 1)
    const found = this.#cron.next(first - 1)
    return found !== undefined && found < change + this.#zone.offset(change)
  }
}
