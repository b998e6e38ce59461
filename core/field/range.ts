import { FieldError } from './field.ts'

/**
 * Compares with the bounds, both of which are allowed values.
 *
 * @throws {FieldError} naming the bound that is passed
 */
export function checkRange<T extends number | string>(
  value: T,
  { min, max }: { min: T | undefined; max: T | undefined },
): void {
  const unit = typeof value === 'string' ? { low: 'not be before', high: 'not be after' } : undefined
  if (min !== undefined && value < min) throw new FieldError(`must ${unit?.low ?? 'be at least'} ${min}`)
  if (max !== undefined && value > max) throw new FieldError(`must ${unit?.high ?? 'be at most'} ${max}`)
}
