import { formatAmount, formatBytes, formatDate, formatDateTime, formatNumber } from '../format.ts'

/** How dates and numbers are written in one language. */
export interface Formats {
  formatDate: typeof formatDate
  formatDateTime: typeof formatDateTime
  formatAmount: typeof formatAmount
  formatNumber: typeof formatNumber
  formatBytes: typeof formatBytes
}

/** English writes dates as ISO does, so that they are the same to readers from everywhere. */
const ENGLISH: Formats = Object.freeze({
  formatDate,
  formatDateTime,
  formatAmount,
  formatNumber,
  formatBytes,
})

/** How dates and numbers are written in a language. Times are in UTC. */
export function formatsOf(language: string): Formats {
  if (language === 'en') return ENGLISH
  const date = new Intl.DateTimeFormat(language, {
    timeZone: 'UTC',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  const time = new Intl.DateTimeFormat(language, { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' })
  const whole = new Intl.NumberFormat(language)
  const decimal = whole.formatToParts(1.5).find(({ type }) => type === 'decimal')?.value ?? '.'
  const shown = (given: Date | string | null | undefined, write: (date: Date) => string): string => {
    if (given === null || given === undefined || given === '') return ''
    const moment = new Date(given)
    return Number.isNaN(moment.getTime()) ? String(given) : write(moment)
  }
  return Object.freeze<Formats>({
    formatDate: (given) => shown(given, (moment) => date.format(moment)),
    formatDateTime: (given) => shown(given, (moment) => `${date.format(moment)} ${time.format(moment)}`),
    formatAmount: (amount, decimals) => {
      const match = /^(-?[\d,]+)(?:\.(\d+))?$/.exec(formatAmount(amount, decimals))
      if (!match) return amount === null || amount === undefined ? '' : String(amount)
      const [, before = '', fraction] = match
      const grouped = whole.format(BigInt(before.replaceAll(/[-,]/g, '')))
      const sign = before.startsWith('-') ? '-' : ''
      return `${sign}${grouped}${fraction === undefined ? '' : `${decimal}${fraction}`}`
    },
    formatNumber: (number) => (number === null || number === undefined ? '' : whole.format(number)),
    formatBytes: (bytes) => formatBytes(bytes).replace('.', decimal),
  })
}
