/** Why one cell does not fit its column, in words for a bookkeeper. */
export class CellError extends Error {
  override readonly name = 'CellError'
}

/** How the text of one cell becomes a value. `empty` cells become null, or are refused when `required`. */
export interface Cell<T> {
  readonly required: boolean
  /** @throws {CellError} */
  readonly parse: (text: string) => T
}

type Optional<T> = Cell<T | null>

const LARGEST_INT = 2_147_483_647

/** One line of text of so many characters at most; line breaks in it become spaces. */
export function text(maxLength: number, options: { required: true }): Cell<string>
export function text(maxLength: number): Optional<string>
export function text(maxLength: number, options: { required?: boolean } = {}): Cell<string | null> {
  return {
    required: options.required ?? false,
    parse(value) {
      if (value.length > maxLength) {
        throw new CellError(`is ${value.length} characters long, ${maxLength} are allowed`)
      }
      return value.replace(/[\r\n]+/g, ' ')
    },
  }
}

/** A key of letters, digits, `-` and `_`, such as `ALFKI`; stored in capitals, and part of a URL. */
export function key(maxLength: number): Cell<string> {
  return {
    required: true,
    parse(value) {
      if (value.length > maxLength) {
        throw new CellError(`is ${value.length} characters long, ${maxLength} are allowed`)
      }
      if (!/^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$/.test(value)) {
        throw new CellError('may have letters A-Z and digits only')
      }
      return value.toUpperCase()
    },
  }
}

/** A whole number from `min` to `max`. */
export function integer(limits: { min: number; max?: number; required: true }): Cell<number>
export function integer(limits: { min: number; max?: number }): Optional<number>
export function integer(limits: { min: number; max?: number; required?: boolean }): Cell<number | null> {
  const { min, max = LARGEST_INT } = limits
  return {
    required: limits.required ?? false,
    parse(value) {
      if (!/^[+-]?\d+$/.test(value)) throw new CellError(`is not a whole number${hint(value)}`)
      const number = Number(value)
      if (number < min) throw new CellError(`must be ${min} or more`)
      if (number > max) throw new CellError(`is too large: ${max} at most`)
      return number
    },
  }
}

/**
 * A decimal number as text, never a float: `32.38`. So many decimals and digits before the point at most.
 */
export function decimal(limits: DecimalLimits & { required: true }): Cell<string>
export function decimal(limits: DecimalLimits): Optional<string>
export function decimal(limits: DecimalLimits & { required?: boolean }): Cell<string | null> {
  const { decimals, max } = limits
  return {
    required: limits.required ?? false,
    parse(value) {
      const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(value)
      if (match === null) throw new CellError(`is not a number${hint(value)}`)
      const [, sign, whole = '', fraction = ''] = match
      const significant = fraction.replace(/0+$/, '')
      if (significant.length > decimals) throw new CellError(`has more than ${decimals} decimals`)
      const zero = /^0*$/.test(whole + significant)
      if (sign === '-' && !zero) throw new CellError('must not be negative')
      const digits = whole.replace(/^0+(?=\d)/, '')
      if (digits.length > 15 || Number(`${digits}.${significant}`) > max) {
        throw new CellError(`is too large: ${max} at most`)
      }
      return `${digits}.${significant.padEnd(2, '0')}`
    },
  }
}

interface DecimalLimits {
  /** Decimals that may differ from zero. */
  decimals: number
  /** Largest value; the smallest is always 0. */
  max: number
}

/** A date of the calendar, written `1996-07-04`. */
export function date(options: { required: true }): Cell<string>
export function date(): Optional<string>
export function date(options: { required?: boolean } = {}): Cell<string | null> {
  return {
    required: options.required ?? false,
    parse(value) {
      // A time of midnight is what databases write behind a date.
      const match = /^(\d{4})-(\d{2})-(\d{2})(?:[ T]00:00(?::00(?:\.0+)?)?)?$/.exec(value)
      if (match === null) throw new CellError('is not a date: write year-month-day, as in 1996-07-04')
      const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
      const time = new Date(Date.UTC(year, month - 1, day))
      if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day || year < 1000) {
        throw new CellError('is a day that does not exist')
      }
      return `${match[1]}-${match[2]}-${match[3]}`
    },
  }
}

/** `1`, `true`, `yes` or `0`, `false`, `no`; an empty cell means no. */
export function yesNo(): Cell<boolean | null> {
  return {
    required: false,
    parse(value) {
      if (/^(1|t|true|y|yes)$/i.test(value)) return true
      if (/^(0|f|false|n|no)$/i.test(value)) return false
      throw new CellError('must be 1 (yes) or 0 (no)')
    },
  }
}

function hint(value: string): string {
  if (/^[+-]?\d+,\d+$/.test(value)) return ': write decimals with a point, as in 32.38'
  if (/^[+-]?[\d,.' ]+$/.test(value)) return ': write it without thousands separators, as in 1234.50'
  if (/^[+-]?\d+(\.\d+)?e[+-]?\d+$/i.test(value)) return ': write all its digits, without e'
  if (/^[^\d]{1,3}\s?\d+/.test(value) || /\d\s?[^\d\s]{1,3}$/.test(value))
    return ': write it without currency or unit'
  return ''
}
