import type { Knex } from 'knex'
import type { PoolClient } from 'pg'

/** A named statement is prepared once a connection; use it for what every request runs. */
export interface NamedStatement {
  readonly name: string
  readonly text: string
}

/**
 * What runs SQL: the database itself (each query on any pooled connection) or one transaction. `knex` and
 * `query` of a transaction share its connection.
 */
export interface Connection {
  readonly knex: Knex
  query<Row = Record<string, unknown>>(
    statement: string | NamedStatement,
    values?: readonly unknown[],
  ): Promise<Row[]>
  /** Runs work in a transaction: committed when it returns, rolled back when it throws. Inside another: a savepoint. */
  transaction<T>(work: (tx: Connection) => Promise<T>): Promise<T>
  /** The raw connection of a transaction (for COPY, cursors); undefined outside one. */
  readonly client: PoolClient | undefined
}
