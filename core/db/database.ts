import { AsyncLocalStorage } from 'node:async_hooks'
import type { Knex } from 'knex'
import pg from 'pg'
import type { Logger } from 'pino'
import { DjetError, messageOf } from '../error.ts'
import { checkUrl, codeOf, isFatal, isLost, placeOf, unreachable } from './connect-error.ts'
import type { Connection, NamedStatement } from './connection.ts'
import { knexOnPool } from './knex-on-pool.ts'
import { run } from './run.ts'
import { Transaction, type TransactionEnvironment } from './transaction.ts'
import { typeParsers } from './type-parsers.ts'

/** The oldest PostgreSQL whose SQL Djet speaks. */
const oldestVersion = 13

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`; all that pg understands may follow as query. */
  readonly url: string
  /** How many connections at most; 10 when absent. */
  readonly poolSize?: number
  /** What `pg_stat_activity` shows, e.g. `djet-start/4711`. */
  readonly applicationName?: string
  readonly log: Logger
}

/**
 * The database of a site: one pool of connections a process, used by `query` (pg) and `knex` alike. Its connections
 * carry no state from one use to the next, so a pooler such as PgBouncer may stand in between.
 *
 * @example
 * const database = await Database.open({ url, log })
 * const [row] = await database.query<{ n: number }>('select count(*) as n from djet.node')
 * await database.transaction(async (tx) => { await tx.knex('djet.node').where({ id }).update({ name }) })
 * await database.close()
 */
export class Database implements Connection {
  readonly url: string
  readonly knex: Knex
  readonly client = undefined
  /** `server_version_num`, e.g. 180004. */
  readonly serverVersion: number
  readonly pool: pg.Pool
  readonly #environment: TransactionEnvironment
  /** How many run. */
  #transactions = 0
  #closed: Promise<void> | undefined

  private constructor(url: string, pool: pg.Pool, serverVersion: number, log: Logger) {
    this.url = url
    this.pool = pool
    this.serverVersion = serverVersion
    const version = `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`
    this.#environment = { version, log, current: new AsyncLocalStorage() }
    this.knex = knexOnPool(pool, version, log)
  }

  /**
   * Reaches the server once, so that what is wrong with it shows now and not at the first request.
   *
   * @throws DATABASE_URL_INVALID, DATABASE_UNREACHABLE, DATABASE_TOO_OLD
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { url, log } = options
    checkUrl(url)
    const pool = new pg.Pool({
      connectionString: url,
      max: options.poolSize ?? 10,
      application_name: options.applicationName ?? 'djet',
      connectionTimeoutMillis: 15_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      types: typeParsers(),
    })
    // An unheard 'error' would end the process. pg gives a lost connection's to its client while in use, to the pool
    // while idle; heard at the client it is logged once for both.
    pool.on('connect', (client) => {
      client.on('error', (error) => log.warn(`a database connection was lost: ${messageOf(error)}`))
    })
    pool.on('error', () => {})
    try {
      const { rows } = await pool.query<{ server_version_num: string }>('show server_version_num')
      const serverVersion = Number(rows[0]?.server_version_num)
      if (serverVersion < oldestVersion * 10_000) throw tooOld(url, serverVersion)
      return new Database(url, pool, serverVersion, log)
    } catch (error) {
      await pool.end()
      throw error instanceof DjetError ? error : unreachable(url, error)
    }
  }

  async query<Row = Record<string, unknown>>(
    statement: string | NamedStatement,
    values?: readonly unknown[],
  ): Promise<Row[]> {
    const client = await this.#acquire()
    let spoilt = false
    try {
      return await run<Row>(client, statement, values)
    } catch (error) {
      spoilt = isFatal(error)
      if (isLost(error)) throw unreachable(this.url, error)
      if (typeof statement === 'string' || !isStalePlan(error)) throw error
      // A migration changed the columns below a prepared statement: this connection can never run it again.
      spoilt = true
      return await run<Row>(client, statement.text, values)
    } finally {
      client.release(spoilt || client.getTransactionStatus() !== 'I')
    }
  }

  async transaction<T>(work: (tx: Connection) => Promise<T>): Promise<T> {
    const client = await this.#acquire()
    this.#transactions++
    try {
      return await Transaction.run(client, this.#environment, work)
    } catch (error) {
      throw isLost(error) ? unreachable(this.url, error) : error
    } finally {
      client.release(client.getTransactionStatus() !== 'I')
      // While it is in use every promise of the process costs more.
      if (--this.#transactions === 0) this.#environment.current.disable()
    }
  }

  /** Closes all connections once their queries have ended. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed ??= this.pool.end()
    await this.#closed
  }

  async #acquire(): Promise<pg.PoolClient> {
    try {
      return await this.pool.connect()
    } catch (error) {
      if (this.#closed !== undefined) {
        throw new DjetError('DATABASE_CLOSED', 'a query came after the database was closed', { cause: error })
      }
      if (messageOf(error) === 'timeout exceeded when trying to connect') {
        throw new DjetError(
          'DATABASE_BUSY',
          `all ${this.pool.options.max} connections to ${placeOf(this.url)} are in use for too long`,
          { status: 503, cause: error },
        )
      }
      throw unreachable(this.url, error)
    }
  }
}

function isStalePlan(error: unknown): boolean {
  return codeOf(error) === '0A000' && messageOf(error).includes('cached plan')
}

function tooOld(url: string, serverVersion: number): DjetError {
  return new DjetError(
    'DATABASE_TOO_OLD',
    `the server at ${placeOf(url)} is PostgreSQL ${Math.floor(serverVersion / 10_000)}; ` +
      `Djet needs ${oldestVersion} or newer. Upgrade it or let DATABASE_URL name another.`,
  )
}
