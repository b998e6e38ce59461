import knex, { type Knex } from 'knex'
import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'
import { isFatal } from './connect-error.ts'

type Done = (error: unknown, result?: unknown) => void

/** The part of a pg client that knex uses. */
interface KnexConnection {
  query(config: object, done: Done): unknown
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
 * @param version the server's version, which knex otherwise asks for with a query of its own
 */
export function knexOnPool(pool: Pool, version: string, log: Logger): Knex {
  return makeKnex(async () => leased(await pool.connect()), version, log)
}

/**
 * A knex that runs everything on the one connection of a transaction; its own `transaction` makes savepoints.
 *
 * @param check throws when the transaction is over: its connection may serve someone else by then
 */
export function knexOnConnection(client: PoolClient, check: () => void, version: string, log: Logger): Knex {
  const connection: KnexConnection = {
    query(config, done) {
      try {
        check()
      } catch (error) {
        return done(error)
      }
      return send(client, config, done)
    },
    release() {},
  }
  const bound = makeKnex(async () => connection, version, log)
  // Tells knex that BEGIN has been sent, so that it nests by SAVEPOINT.
  bound.client.transacting = true
  return bound
}

function leased(client: PoolClient): KnexConnection {
  let fatal = false
  return {
    query: (config, done) =>
      send(client, config, (error, result) => {
        fatal ||= isFatal(error)
        done(error, result)
      }),
    release: () => client.release(fatal || client.getTransactionStatus() !== 'I'),
  }
}

// pg's types know the call with text and callback only; knex calls with an object.
function send(client: PoolClient, config: object, done: Done): unknown {
  return (client.query as (config: object, done: Done) => unknown).call(client, config, done)
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
