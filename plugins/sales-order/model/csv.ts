import { stringify } from 'csv-stringify/sync'

/**
 * Rows of a CSV file, line ends included. A text that a spreadsheet would run as a formula gets an apostrophe in
 * front; numbers, negative ones too, stay as they are.
 *
 * @example csvRows([[10248, '=1+1', '-5.00']])  // "10248,'=1+1,-5.00\r\n"
 */
export function csvRows(rows: readonly (readonly (string | number | null)[])[]): string {
  return stringify(
    rows.map((cells) => cells.map((cell) => (typeof cell === 'string' ? safeCell(cell) : cell))),
    { record_delimiter: 'windows' },
  )
}

/** The text, harmless in a spreadsheet. */
export function safeCell(text: string): string {
  if (!/^[\s]*[=+\-@]|^[\t\r\n]/.test(text)) return text
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? text : `'${text}`
}
