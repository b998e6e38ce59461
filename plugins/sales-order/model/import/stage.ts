import type { Djet } from '../../../../core/index.ts'
import { type Columns, readRow, type Values } from './columns.ts'
import { openCsv } from './read-csv.ts'

/** SQL types of the columns a stage has of its own, by name. */
type StageColumns = Readonly<Record<string, string>>

/** One row for a stage: texts, cast by PostgreSQL. */
export type StageRow = Readonly<Record<string, string | null>>

/**
 * A temporary table that holds the rows of one file while they are checked: `line`, `raw` (the row's text),
 * `reason` (why it is rejected, null while it is good), `key` (what it is about, as the file says) and the columns
 * of its kind. It goes when the transaction ends.
 */
export interface Stage {
  readonly table: string
  readonly columns: StageColumns
  /** Name of the file, once it is filled. */
  file: string
  /** Rows read. */
  read: number
  notices: readonly string[]
}

/** Columns of a stage whose rows become nodes; see `classify` and `writeNodes`. */
const nodeColumns: StageColumns = {
  number: 'text',
  part: 'text',
  title: 'text',
  data: 'jsonb',
  parent_id: 'int',
  node_id: 'int',
  change: 'text',
}

/** A stage for rows that become nodes. */
export function createNodeStage(djet: Djet, name: string, more: StageColumns = {}): Promise<Stage> {
  return createStage(djet, name, { ...nodeColumns, ...more })
}

/** An empty stage; call it inside a transaction. */
export async function createStage(djet: Djet, name: string, columns: StageColumns): Promise<Stage> {
  const table = `pg_temp.import_${name}`
  const list = Object.entries(columns).map(([column, type]) => `${column} ${type}`)
  await djet.query(`drop table if exists ${table}`)
  await djet.query(
    `create temp table import_${name} (line int not null, raw text not null, reason text, key text, ${list.join(', ')})
     on commit drop`,
  )
  return { table, columns, file: '', read: 0, notices: [] }
}

/**
 * Reads a stored file into a stage, a few thousand rows a statement.
 *
 * @param key the column that says what a row is about
 * @param toRow what the stage's columns get; the values of cells that did not fit are missing
 * @throws {DjetError} FILE_NOT_FOUND (404), IMPORT_FILE (422)
 */
export async function fillStage<C extends Columns>(
  djet: Djet,
  stage: Stage,
  fileId: string,
  columns: C,
  key: keyof C & string,
  toRow: (values: Partial<Values<C>>) => StageRow,
): Promise<void> {
  const csv = await openCsv(djet, fileId, columns)
  stage.file = csv.name
  stage.notices = csv.notices
  const keyAt = csv.layout.positions.find(({ name }) => name === key)?.at ?? 0
  const insert = insertInto(stage)
  for await (const batch of csv.batches()) {
    djet.signal.throwIfAborted()
    const rows = batch.map(({ line, cells, raw }): StageRow => {
      const { values, problems } = readRow(columns, csv.layout, cells)
      const reason = problems.length > 0 ? problems.join('; ') : null
      return {
        line: String(line),
        raw,
        reason,
        key: cells[keyAt]?.trim().slice(0, 100) ?? '',
        ...toRow(values),
      }
    })
    await insert(djet, rows)
    stage.read += rows.length
    djet.task?.progress(csv.read, csv.size, `${csv.name}: ${stage.read} rows read`)
  }
  await djet.query(`analyze ${stage.table}`)
}

function insertInto(stage: Stage): (djet: Djet, rows: readonly StageRow[]) => Promise<void> {
  const columns = Object.entries({ line: 'int', raw: 'text', reason: 'text', key: 'text', ...stage.columns })
  const names = columns.map(([name]) => name)
  const arrays = names.map((_, i) => `$${i + 1}::text[]`)
  const casts = columns.map(([name, type]) => `${name}::${type}`)
  const text = `insert into ${stage.table} (${names.join(', ')})
    select ${casts.join(', ')} from unnest(${arrays.join(', ')}) as given (${names.join(', ')})`
  return async (djet, rows) => {
    await djet.query(
      text,
      names.map((name) => rows.map((row) => row[name] ?? null)),
    )
  }
}

/**
 * Rejects rows: `where` picks them (the stage is `s`), `reason` is an SQL expression of type text.
 * A row keeps the reasons it has already.
 */
export async function reject(djet: Djet, stage: Stage, rule: RejectRule): Promise<void> {
  await djet.query(
    `update ${stage.table} s set reason = concat_ws('; ', s.reason, ${rule.reason})
     ${rule.from === undefined ? '' : `from ${rule.from}`} where ${rule.where}`,
    rule.values ?? [],
  )
}

export interface RejectRule {
  readonly reason: string
  readonly from?: string
  readonly where: string
  readonly values?: readonly unknown[]
}

/** Rejects every row whose key columns stand in an earlier row of the same file. */
export async function rejectRepeated(
  djet: Djet,
  stage: Stage,
  columns: string,
  reason: string,
): Promise<void> {
  await reject(djet, stage, {
    from: `(select ctid as id, first_value(line) over (partition by ${columns} order by line) as first
      from ${stage.table} where (${columns}) is not null) as same`,
    where: 'same.id = s.ctid and same.first < s.line',
    reason: `format('${reason}', same.first)`,
  })
}
