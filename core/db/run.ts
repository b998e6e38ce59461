import type { ClientBase } from 'pg'
import type { NamedStatement } from './connection.ts'

/**
 * Runs one statement on a connection and gives its rows; of several statements in one text, those of the last.
 *
 * @throws what pg throws: DatabaseError with SQLSTATE in `code`
 */
export async function run<Row>(
  client: ClientBase,
  statement: string | NamedStatement,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  // An empty list would still choose the extended protocol, which takes one statement a text only.
  const given = values.length > 0 ? (values as unknown[]) : undefined
  const result: unknown = await client.query(statement as { name: string; text: string }, given)
  const last = (Array.isArray(result) ? result.at(-1) : result) as { rows: Row[] }
  return last.rows
}
