import { didYouMean } from '../../../../core/index.ts'
import { type Cell, CellError } from './cell.ts'
import { fileProblem } from './problem.ts'

/** The columns a kind of file has, by the name in its header row. */
export type Columns = Readonly<Record<string, Cell<unknown>>>

/** The values of one row, typed by its columns. */
export type Values<C extends Columns> = { [K in keyof C]: C[K] extends Cell<infer T> ? T : never }

/** Where the columns stand in a given file. */
export interface Layout {
  /** Cells a row must have. */
  readonly width: number
  readonly positions: readonly { readonly name: string; readonly at: number }[]
  /** Columns of the file nobody asked for. */
  readonly ignored: readonly string[]
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** How many of the columns a header names; tells a delimiter, or one kind of file, from another. */
export function countKnown(columns: Columns, header: readonly string[]): number {
  const known = new Set(Object.keys(columns).map(plain))
  return new Set(header.map(plain).filter((name) => known.has(name))).size
}

/**
 * Finds the columns by name: in any order, whatever their capitals, spaces and underscores; further columns are
 * left alone.
 *
 * @throws {DjetError} IMPORT_FILE when one is missing or there twice
 */
export function matchColumns(file: string, columns: Columns, header: readonly string[]): Layout {
  const names = header.map((name) => name.trim())
  const positions: { name: string; at: number }[] = []
  const missing: string[] = []
  for (const name of Object.keys(columns)) {
    const found = names.flatMap((given, at) => (plain(given) === plain(name) ? [at] : []))
    if (found.length > 1) throw fileProblem(file, `the column '${name}' is there ${found.length} times`)
    if (found[0] === undefined) missing.push(name)
    else positions.push({ name, at: found[0] })
  }
  const ignored = names.filter((_, at) => !positions.some((position) => position.at === at))
  if (missing.length > 0) throw fileProblem(file, missingMessage(columns, names, ignored, missing))
  return { width: names.length, positions, ignored: ignored.map((name) => name || '(without a name)') }
}

function missingMessage(
  columns: Columns,
  names: readonly string[],
  unknown: readonly string[],
  missing: readonly string[],
): string {
  if (missing.length === Object.keys(columns).length) {
    const line = names.join(',').slice(0, 80)
    return `the first line must name the columns ${Object.keys(columns).join(', ')}, but it reads '${line}'`
  }
  const hints = unknown.flatMap((name) => {
    const near = didYouMean(name, missing)
    return near === '' ? [] : [` It has '${name}'.${near}`]
  })
  const list = missing.map((name) => `'${name}'`).join(', ')
  return `the column${missing.length > 1 ? 's' : ''} ${list} ${missing.length > 1 ? 'are' : 'is'} missing.${hints.join('')}`
}

/** Reads the cells of one row; every cell that does not fit gives a problem. */
export function readRow<C extends Columns>(
  columns: C,
  layout: Layout,
  cells: readonly string[],
): { values: Partial<Values<C>>; problems: string[] } {
  const values: Record<string, unknown> = {}
  if (cells.length !== layout.width) {
    const problem = `has ${cells.length} cells instead of ${layout.width}: a text with a comma in it needs quotation marks`
    return { values: firstCells(columns, layout, cells) as Partial<Values<C>>, problems: [problem] }
  }
  const problems: string[] = []
  for (const { name, at } of layout.positions) {
    const column = columns[name] as Cell<unknown>
    const text = (cells[at] ?? '').trim()
    if (text.includes('\ufffd')) {
      problems.push(`${name} has letters that are not UTF-8: save the file as 'CSV UTF-8'`)
    } else if (text === '') {
      if (column.required) problems.push(`${name} is empty`)
      else values[name] = null
    } else {
      try {
        values[name] = column.parse(text)
      } catch (error) {
        if (!(error instanceof CellError)) throw error
        problems.push(`${name} '${shorten(text)}' ${error.message}`)
      }
    }
  }
  return { values: values as Partial<Values<C>>, problems }
}

/** Of a row with too few or too many cells only the first column is trusted: it names the record it belongs to. */
function firstCells(columns: Columns, layout: Layout, cells: readonly string[]): Record<string, unknown> {
  const first = layout.positions.find((position) => position.at === 0)
  const text = (cells[0] ?? '').trim()
  if (first === undefined || text === '') return {}
  try {
    return { [first.name]: columns[first.name]?.parse(text) }
  } catch {
    return {}
  }
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
