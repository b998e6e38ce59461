import { DjetError } from '../error.ts'
import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'

export interface PriceOptions<R extends boolean = boolean> extends FieldOptions<string, R> {
  /** Digits behind the point, 0 to 10; 2 when absent. */
  scale?: number
  /** Smallest amount allowed, as text; 0 when absent, unless negative ones are allowed. */
  min?: string
  /** Largest amount allowed, as text. */
  max?: string
  /** Amounts below 0 are taken. */
  allowNegative?: boolean
  /** Shown beside the amount, e.g. `EUR`; amounts are not converted. */
  currency?: string
}

/**
 * An amount of money as decimal text with a fixed number of digits behind the point (`12.50`), never a
 * floating-point number, so that sums are exact.
 *
 * @throws {DjetError} FIELD_SCALE_INVALID
 * @example field.price({ title: 'Unit price', required: true, currency: 'EUR' })
 */
export function price<const R extends boolean = false>(options: PriceOptions<R> = {}): Field<string, R> {
  const { scale = 2, max, allowNegative = false, currency } = options
  if (!Number.isInteger(scale) || scale < 0 || scale > 10) {
    throw new DjetError(
      'FIELD_SCALE_INVALID',
      `scale of a field.price must be a whole number from 0 to 10, not ${scale}`,
    )
  }
  const min = options.min ?? (allowNegative ? undefined : '0')
  const low = min === undefined ? undefined : unitsOf(min, scale)
  const high = max === undefined ? undefined : unitsOf(max, scale)
  return defineField(options, {
    type: 'price',
    settings: { scale, min, max, allowNegative, currency },
    parse(input) {
      const units = unitsOf(input, scale)
      if (low !== undefined && units < low) throw new FieldError(`must be at least ${textOf(low, scale)}`)
      if (high !== undefined && units > high) throw new FieldError(`must be at most ${textOf(high, scale)}`)
      return textOf(units, scale)
    },
  })
}

/** The amount in units of its last digit: 12.5 at scale 2 is 1250n. */
function unitsOf(input: unknown, scale: number): bigint {
  const text = typeof input === 'number' ? exactText(input, scale) : input
  const match = typeof text === 'string' ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(text.trim()) : null
  if (match === null) {
    throw new FieldError(
      `must be an amount such as ${textOf(123450n, Math.min(scale, 2))}, in digits and with a point`,
    )
  }
  const [, sign, whole = '', decimals = ''] = match
  const kept = decimals.replace(/0+$/, '')
  if (kept.length > scale) throw new FieldError(`must have at most ${scale} digits behind the point`)
  const units = BigInt(whole + kept.padEnd(scale, '0'))
  if (units >= 10n ** 18n) throw new FieldError('must be a smaller amount')
  return sign === '-' ? -units : units
}

/** The digits of a floating-point number, unless it is so large that neighbouring amounts are the same number. */
function exactText(value: number, scale: number): string {
  const exact = Number.isFinite(value) && Math.abs(value) * 10 ** scale <= Number.MAX_SAFE_INTEGER
  return exact ? String(value) : ''
}

function textOf(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return `${units < 0n ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`
}
