import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { messageOf } from '../../../core/index.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { type Runner, WORKER_LOCK } from '../queue/runner.ts'

export interface SessionOptions {
  databaseUrl: string
  thread: number
  classes: readonly string[] | undefined
  log: Logger
  /**
   * Connected, at first or again. `same`: the worker id is the one it was; otherwise its tasks have been given
   * to others and what still runs here is of no account.
   */
  onConnected: (workerId: number, same: boolean) => void
}

/**
 * The statements of the queue look rows up by key, whatever the statistics say: right after a large insert or on
 * an empty table those would make the planner read the whole table for each row.
 */
export const PLANS = ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin']
  .map((way) => `set enable_${way} = off`)
  .concat('set plan_cache_mode = force_generic_plan', 'set jit = off')
  .join('; ')

/**
 * A worker's own connection: it holds the advisory lock that says the worker lives, and runs the queue's
 * statements. Its process listens for it. When it breaks it is made again with back-off, and statements wait for that.
 */
export class Session implements Runner {
  workerId = 0
  /** Milliseconds that the database's clock is ahead of this machine's. */
  ahead = 0
  readonly #options: SessionOptions
  #client: pg.Client | undefined
  #connecting: Promise<void> | undefined
  #closed = false
  /** The connection runs one statement at a time. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Connects for the first time. @throws when the database cannot be reached */
  async open(): Promise<void> {
    await this.#connect()
  }

  /**
   * Runs a statement, again after a reconnect when the connection breaks: every statement of the queue asks
   * for task, attempt and worker, so a second run changes nothing.
   */
  query<Row = Record<string, unknown>>(
    statement: string | { readonly name: string; readonly text: string },
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const turn = this.#last.then(() => this.#run<Row>(statement, values))
    this.#last = turn.catch(() => {})
    return turn
  }

  async #run<Row>(
    statement: string | { readonly name: string; readonly text: string },
    values: readonly unknown[],
  ): Promise<Row[]> {
    for (;;) {
      const client = this.#client
      if (client === undefined) {
        if (this.#closed) throw new Error('the worker session is closed')
        await this.#reconnect()
        continue
      }
      try {
        const query = typeof statement === 'string' ? { text: statement } : { ...statement }
        const { rows } = await client.query({ ...query, values: values as unknown[] })
        return rows as Row[]
      } catch (error) {
        if (this.#closed || !isConnectionError(error)) throw error
        this.#drop(client)
      }
    }
  }

  /** Takes a new worker id, because the old one was given up for dead. */
  async renew(): Promise<void> {
    if (this.#client) this.#drop(this.#client)
    await this.#reconnect()
  }

  async close(): Promise<void> {
    this.#closed = true
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => {})
  }

  /** The connection is of no use any more; if it was the session's, a new one is made at once. */
  #drop(client: pg.Client): void {
    client.end().catch(() => {})
    if (this.#client !== client) return
    this.#client = undefined
    if (!this.#closed) this.#reconnect().catch(() => {})
  }

  #reconnect(): Promise<void> {
    this.#connecting ??= this.#connectAgain().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connectAgain(): Promise<void> {
    const { log } = this.#options
    for (let wait = 50, tries = 0; !this.#closed; tries++) {
      try {
        await this.#connect()
        if (tries > 0) log.info('a worker is connected to the database again')
        return
      } catch (error) {
        if (tries === 0) log.warn(`a worker lost its database connection, trying again: ${messageOf(error)}`)
        await sleep(wait * (0.75 + Math.random() / 2))
        wait = Math.min(wait * 2, 2000)
      }
    }
    throw new Error('the worker session is closed')
  }

  async #connect(): Promise<void> {
    const { databaseUrl, thread } = this.#options
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: `djet-worker-${thread}/${process.pid}`,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
    })
    client.on('error', () => this.#drop(client))
    client.on('end', () => this.#drop(client))
    try {
      await client.connect()
      await client.query(PLANS)
      const same = await this.#identify(client)
      this.ahead = await clockAhead(client)
      if (this.#closed) throw new Error('the worker session is closed')
      this.#client = client
      this.#options.onConnected(this.workerId, same)
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
  }

  /** Takes the lock of the worker id it had, or a new id. */
  async #identify(client: pg.Client): Promise<boolean> {
    if (this.workerId > 0) {
      const { rows } = await client.query(
        `select from jobmachine.worker
         where worker_id = $1 and ended is null and pg_try_advisory_lock($2, worker_id)`,
        [this.workerId, WORKER_LOCK],
      )
      if (rows.length === 1) return true
    }
    const { thread, classes } = this.#options
    const { rows } = await client.query<{ worker_id: number }>(
      `with worker as (
         insert into jobmachine.worker (host, pid, thread, classes) values ($1, $2, $3, $4) returning worker_id
       )
       select worker_id, pg_advisory_lock($5, worker_id) from worker`,
      [hostname(), process.pid, thread, classes ?? null, WORKER_LOCK],
    )
    this.workerId = rows[0]!.worker_id
    return false
  }
}

async function clockAhead(client: pg.Client): Promise<number> {
  const before = Date.now()
  const { rows } = await client.query<{ now: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now',
  )
  return rows[0]!.now - (before + Date.now()) / 2
}
