import { Readable } from 'node:stream'
import type { Djet, Texts } from '../../../../core/index.ts'
import { csvRows } from '../csv.ts'
import { deliver } from '../deliver.ts'
import type { RejectedRow } from './result.ts'
import type { Stage } from './stage.ts'

/** Rows fetched at once. */
const BATCH = 2_000

export const REPORT_NAME = 'rejected-rows.csv'

/** The number of rejected rows in all files. */
export async function countRejected(djet: Djet, stages: readonly Stage[]): Promise<number> {
  let count = 0
  for (const { table } of stages) {
    const [row] = await djet.query<{ n: number }>(
      `select count(*) as n from ${table} where reason is not null`,
    )
    count += row?.n ?? 0
  }
  return count
}

/** The first rejected rows, for people to look at without opening the report. */
export async function firstRejected(
  djet: Djet,
  stages: readonly Stage[],
  count: number,
): Promise<RejectedRow[]> {
  const first: RejectedRow[] = []
  for (const { table, file } of stages) {
    const rows = await djet.query<Omit<RejectedRow, 'file'>>(
      `select line, coalesce(key, '') as key, reason from ${table} where reason is not null order by line limit $1`,
      [count - first.length],
    )
    first.push(...rows.map(({ line, key, reason }) => ({ file, line, key, reason })))
  }
  return first
}

/**
 * Writes `rejected-rows.csv`: file, line, what the row is about, why it was rejected (in a language of the site), and its text.
 *
 * @returns the id of the stored file
 */
export async function writeReport(
  djet: Djet,
  stages: readonly Stage[],
  language: string | undefined,
): Promise<string> {
  const content = Readable.from(reportLines(djet, stages, djet.app.languages.texts(language)))
  const file = await deliver(djet, { name: REPORT_NAME, type: 'text/csv; charset=utf-8', content })
  return file.id
}

async function* reportLines(
  djet: Djet,
  stages: readonly Stage[],
  { t, message }: Texts,
): AsyncGenerator<Buffer> {
  const heads = ['file', 'line', 'key', 'reason', 'row'].map((name) => t(name, { context: 'result' }))
  yield Buffer.from(`\ufeff${csvRows([heads])}`)
  for (const { table, file } of stages) {
    for (let after = 0; ; ) {
      const rows = await djet.query<{ line: number; key: string | null; reason: string; raw: string }>(
        `select line, key, reason, raw from ${table} where reason is not null and line > $1 order by line limit ${BATCH}`,
        [after],
      )
      if (rows.length === 0) break
      yield Buffer.from(csvRows(rows.map((row) => [file, row.line, row.key, message(row.reason), row.raw])))
      after = rows.at(-1)?.line ?? after
    }
  }
}
