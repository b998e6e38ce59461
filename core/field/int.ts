import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'
import { checkRange } from './range.ts'

export interface IntOptions<R extends boolean = boolean> extends FieldOptions<number, R> {
  /** Smallest value allowed. */
  min?: number
  /** Largest value allowed. */
  max?: number
}

const message = 'must be a whole number such as 42'

/** A whole number. @example field.int({ required: true, min: 1 }) */
export function int<const R extends boolean = false>(options: IntOptions<R> = {}): Field<number, R> {
  const { min, max } = options
  return defineField(options, {
    type: 'int',
    settings: { min, max },
    parse(input) {
      const value = typeof input === 'string' && /^[+-]?\d+$/.test(input.trim()) ? Number(input) : input
      if (typeof value !== 'number' || !Number.isInteger(value)) throw new FieldError(message)
      if (!Number.isSafeInteger(value)) throw new FieldError('must be a smaller number')
      checkRange(value, { min, max })
      return value === 0 ? 0 : value // never -0, which JSON loses
    },
  })
}
