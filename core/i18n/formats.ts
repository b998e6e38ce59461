import { formatAmount, formatBytes, formatDate, formatDateTime, formatNumber } from '../format.ts'
import { Zone } from './zone.ts'

/** How dates and numbers are written in one language, and by whose clocks. */
export interface Formats {
  /** IANA's name of the zone by whose clocks times are shown: `Europe/Rome`. */
  readonly timeZone: string
  /** `2026-03-31T14:05:09` by the clocks of that zone, in every language; empty for nothing. */
  clock(time: Date | null | undefined): string
  formatDate: typeof formatDate
  formatDateTime: typeof formatDateTime
  formatAmount: typeof formatAmount
  formatNumber: typeof formatNumber
  formatBytes: typeof formatBytes
}

/** English writes dates as ISO does, so that they are the same to readers from everywhere. */
const ENGLISH = Object.freeze({ formatAmount, formatNumber, formatBytes })

const UTC = new Zone('UTC')

/** A day, or a time that tells no zone: it is what it is by any clock. */
const BARE = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?$/

/** How dates and numbers are written in a language. Times are shown by the clocks of the zone. */
export function formatsOf(language: string, zone = UTC): Formats {
  const clock = (time: Date | null | undefined): string => (time ? zone.wall(time) : '')
  const there = (given: Date | string | null | undefined): string => {
    if (given === null || given === undefined || given === '') return ''
    if (typeof given === 'string' && BARE.test(given)) return given.replace(' ', 'T')
    return zone.wall(new Date(given)) || String(given)
  }
  const clocks = { timeZone: zone.name, clock }
  if (language === 'en') {
    return Object.freeze<Formats>({
      ...clocks,
      ...ENGLISH,
      formatDate: (given) => formatDate(there(given)),
      formatDateTime: (given) => formatDateTime(there(given)),
    })
  }
  const date = new Intl.DateTimeFormat(language, {
    timeZone: 'UTC',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  const time = new Intl.DateTimeFormat(language, { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' })
  const whole = new Intl.NumberFormat(language)
  // Some languages leave 1234 as it is; in a column of amounts it stands above 11.234.
  const amount = new Intl.NumberFormat(language, { useGrouping: 'always' })
  const decimal = whole.formatToParts(1.5).find(({ type }) => type === 'decimal')?.value ?? '.'
  const shown = (given: Date | string | null | undefined, write: (date: Date) => string): string => {
    const text = there(given)
    const moment = new Date(text.length > 10 ? `${text}Z` : text)
    return Number.isNaN(moment.getTime()) ? String(given ?? '') : write(moment)
  }
  return Object.freeze<Formats>({
    ...clocks,
    formatDate: (given) => shown(given, (moment) => date.format(moment)),
    formatDateTime: (given) => shown(given, (moment) => `${date.format(moment)} ${time.format(moment)}`),
    formatAmount: (given, decimals) => {
      const match = /^(-?[\d,]+)(?:\.(\d+))?$/.exec(formatAmount(given, decimals))
      if (!match) return given === null || given === undefined ? '' : String(given)
      const [, before = '', fraction] = match
      const grouped = amount.format(BigInt(before.replaceAll(/[-,]/g, '')))
      const sign = before.startsWith('-') ? '-' : ''
      return `${sign}${grouped}${fraction === undefined ? '' : `${decimal}${fraction}`}`
    },
    formatNumber: (number) => (number === null || number === undefined ? '' : whole.format(number)),
    formatBytes: (bytes) => formatBytes(bytes).replace('.', decimal),
  })
}
