import pg, { type ClientBase, type QueryResult } from 'pg'
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
  if (typeof statement !== 'string') {
    try {
      return (await runNamed<Row>(client, statement, values)).rows
    } catch (error) {
      // What pg throws was made where its answer was read; who asked is told by the stack as it is here.
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    }
  }
  // An empty list would still choose the extended protocol, which takes one statement a text only.
  const given = values.length > 0 ? (values as unknown[]) : undefined
  const result: unknown = await client.query(statement, given)
  const last = (Array.isArray(result) ? result.at(-1) : result) as { rows: Row[] }
  return last.rows
}

/** Most queries of most requests come here: pg's own way from a named statement to its query costs several times more. */
function runNamed<Row>(
  client: ClientBase,
  { name, text }: NamedStatement,
  values: readonly unknown[],
): Promise<QueryResult & { rows: Row[] }> {
  return new Promise((done, failed) => {
    const query: pg.Query & { name?: string; callback?: Answer<Row> } = new pg.Query(
      text,
      values as unknown[],
    )
    query.name = name
    query.callback = (error, result) => (error ? failed(error) : done(result))
    client.query(query)
  })
}

type Answer<Row> = (error: Error | null, result: QueryResult & { rows: Row[] }) => void

/** The text of a statement, to be parsed each time. */
export function unnamed(statement: string | NamedStatement): string {
  return typeof statement === 'string' ? statement : statement.text
}
