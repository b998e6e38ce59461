/** What a bench has found. */
export interface Report {
  /** Tables for people. */
  readonly tables: readonly Table[]
  /** Lines below them. */
  readonly notes: readonly string[]
  /** The same for programs. */
  readonly figures: Readonly<Record<string, unknown>>
}

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** A report as text. */
export function print({ tables, notes }: Report): string {
  return `\n${[...tables.map(printTable), notes.join('\n')].join('\n\n')}\n`
}

function printTable({ columns, rows }: Table): string {
  const lines = [columns, ...rows].map((row) => row.map(String))
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)))
  const text = lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
  text.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '))
  return text.join('\n')
}
