import { parse } from 'csv-parse/sync'
import { type Columns, countKnown } from './columns.ts'
import { fileProblem } from './problem.ts'

/** Bytes that are enough to see what kind of file it is. */
export const SNIFF_BYTES = 65_536

const DELIMITERS = [
  { delimiter: ',', name: 'commas' },
  { delimiter: ';', name: 'semicolons' },
  { delimiter: '\t', name: 'tabs' },
  { delimiter: '|', name: 'vertical bars' },
] as const

/** How the cells of a file are separated. */
export interface Dialect {
  readonly delimiter: string
  /** In words, when it is not the comma. */
  readonly name: string
  readonly header: readonly string[]
}

/**
 * Looks at the beginning of a file: is it text at all, and which delimiter does its header row use? Commas,
 * semicolons, tabs and vertical bars are understood.
 *
 * @param start its first bytes, up to SNIFF_BYTES
 * @throws {DjetError} IMPORT_FILE
 */
export function sniff(file: string, start: Buffer, columns: Columns): Dialect {
  const kind = foreignKind(start)
  if (kind !== undefined) throw fileProblem(file, `this is ${kind}, not a CSV file`)
  const text = start.toString('utf8').replace(/^\ufeff/, '')
  if (text.trim() === '') throw fileProblem(file, 'the file is empty')
  const line = (/^\s*([^\r\n]*)/.exec(text)?.[1] ?? '').slice(0, 10_000)
  let best: Dialect | undefined
  let bestCount = -1
  for (const { delimiter, name } of DELIMITERS) {
    const header = splitHeader(line, delimiter)
    const count = countKnown(columns, header)
    if (count > bestCount) [best, bestCount] = [{ delimiter, name, header }, count]
  }
  return best as Dialect
}

function splitHeader(line: string, delimiter: string): readonly string[] {
  try {
    return (parse(line, { delimiter, relax_quotes: true, relax_column_count: true })[0] as string[]) ?? []
  } catch {
    return [line]
  }
}

/** What a file is that is certainly no CSV, in words; undefined when it may be one. */
function foreignKind(start: Buffer): string | undefined {
  const head = start.subarray(0, 8).toString('latin1')
  if (head.startsWith('%PDF')) return 'a PDF document'
  if (head.startsWith('PK\x03\x04')) return 'a ZIP or Excel (.xlsx) file'
  if (head.startsWith('\xd0\xcf\x11\xe0')) return 'an old Excel or Word file'
  if (head.startsWith('\x89PNG') || head.startsWith('\xff\xd8\xff') || head.startsWith('GIF8'))
    return 'a picture'
  if (head.startsWith('\x1f\x8b')) return 'a compressed file'
  if (head.startsWith('\xff\xfe') || head.startsWith('\xfe\xff')) {
    return "a text file in UTF-16 ('Unicode text'); save it as 'CSV UTF-8'"
  }
  if (start.includes(0)) return 'a file of bytes that are no text'
  if (/^\s*(<!doctype|<html|<\?xml)/i.test(start.subarray(0, 200).toString('latin1')))
    return 'a web page or XML'
  return undefined
}
