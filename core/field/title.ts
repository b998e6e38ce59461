import type { Field } from './field.ts'

/**
 * The label of a field: its title, or its name in words.
 *
 * @example fieldTitle('unitPrice', field.price())  // 'Unit price'
 */
export function fieldTitle(name: string, field?: Pick<Field, 'title'>): string {
  if (field?.title !== undefined) return field.title
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[-_]+/g, ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
