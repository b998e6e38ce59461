import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'
import { checkRange } from './range.ts'

export interface NumberOptions<R extends boolean = boolean> extends FieldOptions<number, R> {
  /** Smallest value allowed. */
  min?: number
  /** Largest value allowed. */
  max?: number
}

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/**
 * A number with or without decimals: weights, shares, coordinates. It is a floating-point number, so money is
 * `field.price`.
 *
 * @example field.number({ title: 'Discount', min: 0, max: 1 })
 */
export function number<const R extends boolean = false>(options: NumberOptions<R> = {}): Field<number, R> {
  const { min, max } = options
  return defineField(options, {
    type: 'number',
    settings: { min, max },
    parse(input) {
      const value = typeof input === 'string' && decimal.test(input.trim()) ? Number(input) : input
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        throw new FieldError('must be a number such as 3.5, with a point before the decimals')
      }
      checkRange(value, { min, max })
      return value === 0 ? 0 : value // never -0, which JSON loses
    },
  })
}
