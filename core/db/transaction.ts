import type { AsyncLocalStorage } from 'node:async_hooks'
import type { Knex } from 'knex'
import type { PoolClient, QueryConfig, QueryResult } from 'pg'
import type { Logger } from 'pino'
import { DjetError } from '../error.ts'
import type { Connection, NamedStatement } from './connection.ts'
import { type InTurn, makeInTurn } from './in-turn.ts'
import { knexOnConnection } from './knex-on-pool.ts'
import { run, unnamed } from './run.ts'

/** What all transactions of one database share. */
export interface TransactionEnvironment {
  readonly version: string
  readonly log: Logger
  /** Statements are sent without their names: see `Database`. */
  readonly isPooled: boolean
  /** The innermost savepoint of the code that runs. */
  readonly current: AsyncLocalStorage<Transaction>
}

/** One transaction, or a savepoint inside one, on a connection of its own. */
export class Transaction implements Connection {
  readonly client: PoolClient
  readonly #environment: TransactionEnvironment
  readonly #outer: Transaction | undefined
  readonly #depth: number
  #knex: Knex | undefined
  #over = false
  /** Shared with the savepoints inside: one connection. */
  readonly #inTurn: InTurn
  readonly #oneInner = makeInTurn()

  private constructor(client: PoolClient, environment: TransactionEnvironment, outer?: Transaction) {
    this.client = client
    this.#environment = environment
    this.#outer = outer
    this.#inTurn = outer === undefined ? makeInTurn() : outer.#inTurn
    this.#depth = outer === undefined ? 0 : outer.#depth + 1
  }

  /** Runs work between BEGIN and COMMIT; rolls back when it throws. The caller gives the connection back. */
  static async run<T>(
    client: PoolClient,
    environment: TransactionEnvironment,
    work: (tx: Connection) => Promise<T>,
  ): Promise<T> {
    await client.query('begin')
    const tx = new Transaction(client, environment)
    return await tx.#carryOut(work, 'commit', 'rollback')
  }

  get knex(): Knex {
    const { version, log } = this.#environment
    this.#knex ??= knexOnConnection((config) => this.#send(config), version, log)
    return this.#knex
  }

  async query<Row = Record<string, unknown>>(
    statement: string | NamedStatement,
    values?: readonly unknown[],
  ): Promise<Row[]> {
    this.#check()
    const sent = this.#environment.isPooled ? unnamed(statement) : statement
    return await this.#inTurn(() => run<Row>(this.client, sent, values))
  }

  /**
   * A savepoint. Several begun at once run one after the other, since PostgreSQL stacks savepoints. One begun on
   * an outer transaction by the work of an inner one nests in the inner: waiting for it would never end.
   */
  async transaction<T>(work: (tx: Connection) => Promise<T>): Promise<T> {
    this.#check()
    const current = this.#environment.current.getStore()
    if (current !== undefined && current !== this && current.#isInside(this)) return current.transaction(work)
    return await this.#oneInner(() => this.#savepoint(work))
  }

  async #savepoint<T>(work: (tx: Connection) => Promise<T>): Promise<T> {
    this.#check()
    const inner = new Transaction(this.client, this.#environment, this)
    const name = `djet_${inner.#depth}`
    await this.#inTurn(() => this.client.query(`savepoint ${name}`))
    return await this.#environment.current.run(inner, () =>
      inner.#carryOut(
        work,
        `release savepoint ${name}`,
        `rollback to savepoint ${name}; release savepoint ${name}`,
      ),
    )
  }

  async #carryOut<T>(work: (tx: Connection) => Promise<T>, keep: string, undo: string): Promise<T> {
    try {
      const result = await work(this)
      await this.#oneInner(async () => {})
      this.#over = true
      const { command } = await this.#inTurn(() => this.client.query(keep))
      if (command === 'ROLLBACK') {
        throw new DjetError(
          'TRANSACTION_ABORTED',
          'the transaction was rolled back: one of its statements failed and the error was caught without ' +
            'a savepoint. Wrap that statement in a transaction of its own.',
        )
      }
      return result
    } catch (error) {
      this.#over = true
      // The first error is the one that tells; when the connection is gone the server rolls back by itself.
      await this.#inTurn(() => this.client.query(undo)).catch((undoError: unknown) => {
        this.#environment.log.debug({ err: undoError }, 'rollback failed')
      })
      throw error
    }
  }

  async #send(config: QueryConfig): Promise<QueryResult> {
    this.#check()
    return await this.#inTurn(() => this.client.query(config))
  }

  #isInside(other: Transaction): boolean {
    if (this.#over) return false
    if (this.#outer === undefined) return false
    return this.#outer === other || this.#outer.#isInside(other)
  }

  #check(): void {
    if (!this.#over) return
    throw new DjetError(
      'TRANSACTION_OVER',
      'a query came after its transaction was over. Is an await missing, or was the transaction kept?',
    )
  }
}
