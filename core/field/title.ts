import type { Field, Fields } from './field.ts'

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

/**
 * What a message of `parseData` belongs to, for people.
 *
 * @param t puts a text into their language
 * @example problemTitle(order.fields, 'lines.1.price')  // 'Lines, row 2, Price'
 */
export function problemTitle(fields: Fields, key: string, t = (text: string) => text): string {
  const [name = '', row, column] = key.split('.')
  const field = fields[name]
  const title = t(fieldTitle(name, field))
  if (row === undefined || field?.columns === undefined) return field === undefined ? key : title
  const place = `${title}, ${t('row')} ${Number(row) + 1}`
  return column === undefined ? place : `${place}, ${t(fieldTitle(column, field.columns[column]))}`
}
