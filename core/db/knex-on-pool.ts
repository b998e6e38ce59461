import knex, { type Knex } from 'knex'
import type { PoolClient, QueryConfig, QueryResult } from 'pg'
import type { Logger } from 'pino'
import { isFatal } from './connect-error.ts'

type Done = (error: unknown, result?: QueryResult) => void

/** Runs one query on a connection. */
export type Send = (config: QueryConfig) => Promise<QueryResult>

/** The part of a pg client that knex uses. */
interface KnexConnection {
  query(config: QueryConfig, done: Done): void
  release(): void
}

/** What knex asks of a pool; given in place of its own, so that a process has one pool and not two. */
interface KnexPool {
  acquire(): { promise: Promise<KnexConnection> }
  release(connection: KnexConnection): boolean
  destroy(): Promise<void>
}

/**
 * A knex that takes its connections from a pg pool. A connection that comes back inside a transaction (a failed
 * rollback) or after a fatal error is closed instead of handed on.
 *
 * @param connect takes one
 * @param version the server's version, which knex otherwise asks for with a query of its own
 */
export function knexOnPool(connect: () => Promise<PoolClient>, version: string, log: Logger): Knex {
  return makeKnex(async () => leased(await connect()), version, log)
}

/**
 * A knex that runs everything on the one connection of a transaction; its own `transaction` makes savepoints.
 *
 * @param send runs one query; it throws when the transaction is over, as its connection may serve someone else then
 */
export function knexOnConnection(send: Send, version: string, log: Logger): Knex {
  const connection: KnexConnection = { query: (config, done) => answer(send(config), done), release() {} }
  const bound = makeKnex(async () => connection, version, log)
  // Tells knex that BEGIN has been sent, so that it nests by SAVEPOINT.
  bound.client.transacting = true
  return bound
}

function leased(client: PoolClient): KnexConnection {
  let fatal = false
  return {
    query(config, done) {
      answer(client.query(config), (error, result) => {
        fatal ||= isFatal(error)
        done(error, result)
      })
    },
    release: () => client.release(fatal || client.getTransactionStatus() !== 'I'),
  }
}

function answer(result: Promise<QueryResult>, done: Done): void {
  result.then(
    (value) => done(null, value),
    (error: unknown) => done(error),
  )
}

function makeKnex(acquire: () => Promise<KnexConnection>, version: string, log: Logger): Knex {
  const pool: KnexPool = {
    acquire: () => ({ promise: acquire() }),
    release(connection) {
      connection.release()
      return true
    },
    destroy: async () => {},
  }
  return knex({
    client: 'pg',
    version,
    // By these three knex takes it for a pool of its own kind, not for pg's.
    connectionPool: { ...pool, numFree: () => 0, numUsed: () => 0, numPendingAcquires: () => 0 } as KnexPool,
    log: {
      debug: (message: unknown) => log.debug(message),
      warn: (message: unknown) => log.warn(message),
      error: (message: unknown) => log.error(message),
      deprecate: (method: string, alternative: string) =>
        log.warn(`knex: ${method} is deprecated, use ${alternative}`),
    },
  })
}
