const WHOLE = new Intl.NumberFormat('en')

/** `2026-03-31` of a date or of an ISO text; empty for nothing. */
export function formatDate(date: Date | string | null | undefined): string {
  if (date === null || date === undefined || date === '') return ''
  return (typeof date === 'string' ? date : date.toISOString()).slice(0, 10)
}

/** `2026-03-31 14:05` (UTC); empty for nothing. */
export function formatDateTime(date: Date | string | null | undefined): string {
  if (date === null || date === undefined || date === '') return ''
  const text = typeof date === 'string' ? date : date.toISOString()
  return text.slice(0, 16).replace('T', ' ')
}

/** An amount given as decimal text, never through a float: `'1234.5'` -> `1,234.50`. */
export function formatAmount(amount: string | number | null | undefined, decimals = 2): string {
  if (amount === null || amount === undefined || amount === '') return ''
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(String(amount))
  if (!match) return String(amount)
  const [, sign = '', whole = '0', fraction = ''] = match
  const grouped = WHOLE.format(BigInt(whole))
  const shown =
    fraction.length > decimals
      ? fraction.replace(/0+$/, '').padEnd(decimals, '0')
      : fraction.padEnd(decimals, '0')
  return `${sign}${grouped}${shown === '' ? '' : `.${shown}`}`
}

/** `12,345`. */
export function formatNumber(number: number | null | undefined): string {
  return number === null || number === undefined ? '' : WHOLE.format(number)
}

/** `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1).replace(/\.0$/, '')} ${units[unit]}`
}
