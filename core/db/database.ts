import { AsyncLocalStorage } from 'node:async_hooks'
import type { Knex } from 'knex'
import pg from 'pg'
import type { Logger } from 'pino'
import { DjetError, messageOf } from '../error.ts'
import { checkUrl, codeOf, isFatal, isLost, placeOf, reasonOf, unreachable } from './connect-error.ts'
import type { Connection, NamedStatement } from './connection.ts'
import { knexOnPool } from './knex-on-pool.ts'
import type { Notices } from './outage.ts'
import { isPooled, SERVER_START } from './pooler.ts'
import { CONNECT_WITHIN, FULL, NOT_YET, whenThereIsRoom } from './room.ts'
import { run, unnamed } from './run.ts'
import { Transaction, type TransactionEnvironment } from './transaction.ts'
import { typeParsers } from './type-parsers.ts'

/** The oldest PostgreSQL whose SQL Djet speaks. */
const oldestVersion = 14

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`; all that pg understands may follow as query. */
  readonly url: string
  /** How many connections at most; 10 when absent. */
  readonly poolSize?: number
  /** What `pg_stat_activity` shows, e.g. `djet-start/4711`. */
  readonly applicationName?: string
  readonly log: Logger
  /** Hears of connections that were lost or refused; the log when absent. */
  readonly notices?: Notices
}

/**
 * The database of a site: one pool of connections a process, used by `query` (pg) and `knex` alike. Its connections
 * carry no state from one use to the next, so a pooler such as PgBouncer may stand in between; statements are then
 * sent without names, as what was prepared on one connection is not there on the next.
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
  /** Whether a pooler such as PgBouncer stands in between. */
  readonly isPooled: boolean
  /** Tells this database from others: its name, and when its server was started. */
  readonly serverStart: string
  readonly pool: pg.Pool
  readonly #notices: Notices
  readonly #environment: TransactionEnvironment
  /** How many run. */
  #transactions = 0
  #closed: Promise<void> | undefined

  private constructor(url: string, pool: pg.Pool, server: Server, log: Logger, notices: Notices) {
    const { serverVersion } = server
    this.url = url
    this.pool = pool
    this.serverVersion = serverVersion
    this.isPooled = server.isPooled
    this.serverStart = server.serverStart
    this.#notices = notices
    const version = `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`
    this.#environment = { version, log, current: new AsyncLocalStorage(), isPooled: server.isPooled }
    this.knex = knexOnPool(() => this.#connect(), version, log)
  }

  /**
   * Reaches the server once, so that what is wrong with it shows now and not at the first request. One that is full or
   * still starting is waited for, fifteen seconds at most.
   *
   * @throws DATABASE_URL_INVALID, DATABASE_UNREACHABLE, DATABASE_TOO_OLD
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { url, log } = options
    const notices: Notices = options.notices ?? {
      notice: (reason) => log.warn(`a database connection was lost: ${reason}`),
    }
    checkUrl(url)
    const pool = new pg.Pool({
      connectionString: url,
      max: options.poolSize ?? 10,
      application_name: options.applicationName ?? 'djet',
      connectionTimeoutMillis: CONNECT_WITHIN,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      types: typeParsers(),
    })
    // An unheard 'error' would end the process. pg gives a lost connection's to its client while in use, to the pool
    // while idle; heard at the client it is logged once for both.
    pool.on('connect', (client) => {
      client.on('error', (error) => notices.notice(messageOf(error)))
    })
    pool.on('error', () => {})
    try {
      const server = await whenThereIsRoom(() => serverOf(pool), notices, [FULL, NOT_YET])
      if (server.serverVersion < oldestVersion * 10_000) throw tooOld(url, server.serverVersion)
      return new Database(url, pool, server, log, notices)
    } catch (error) {
      await pool.end()
      throw error instanceof DjetError ? error : unreachable(url, error)
    }
  }

  async query<Row = Record<string, unknown>>(
    given: string | NamedStatement,
    values?: readonly unknown[],
  ): Promise<Row[]> {
    const statement = this.isPooled ? unnamed(given) : given
    const client = await this.#acquire()
    let spoilt = false
    try {
      return await run<Row>(client, statement, values)
    } catch (error) {
      spoilt = isFatal(error)
      if (isLost(error)) throw this.#lost(error)
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
      throw isLost(error) ? this.#lost(error) : error
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

  #connect(): Promise<pg.PoolClient> {
    return whenThereIsRoom(() => this.pool.connect(), this.#notices)
  }

  async #acquire(): Promise<pg.PoolClient> {
    try {
      return await this.#connect()
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
      throw this.#lost(error)
    }
  }

  #lost(error: unknown): DjetError {
    this.#notices.notice(reasonOf(error))
    return unreachable(this.url, error)
  }
}

/** What is asked of a server once. */
type Server = Pick<Database, 'serverVersion' | 'isPooled' | 'serverStart'>

async function serverOf(pool: pg.Pool): Promise<Server> {
  const client = await pool.connect()
  try {
    const { rows } = await client.query<{ version: number; start: string; backend: number }>(
      `select current_setting('server_version_num')::int as version, ${SERVER_START} as start,
         pg_backend_pid() as backend`,
    )
    const { version, start, backend } = rows[0]!
    return { serverVersion: version, serverStart: start, isPooled: isPooled(client, backend) }
  } finally {
    client.release()
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
