/** An amount of memory in words: `512MB`, `2GB`. */
export type Size = `${number}${'MB' | 'GB'}`

const UNITS: Readonly<Record<string, number>> = { MB: 2 ** 20, GB: 2 ** 30 }

/** Bytes of a size; undefined when it is none. A megabyte has 1024 × 1024. */
export function bytes(size: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(MB|GB)$/.exec(size) ?? []
  return amount === undefined || unit === undefined ? undefined : Math.round(Number(amount) * UNITS[unit]!)
}

/** Bytes in the words a person would use: `512MB`, `1.5GB`. */
export function sizeInWords(amount: number): string {
  const mega = amount / 2 ** 20
  return mega < 1024 ? `${Math.round(mega)}MB` : `${Math.round(mega / 102.4) / 10}GB`
}
