import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { messageOf, type Notices } from '../../../core/index.ts'
import { clockAhead } from '../clock.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { type Runner, WORKER_LOCK } from '../queue/runner.ts'

export interface SessionOptions {
  /** Without a pooler in between. */
  databaseUrl: string
  thread: number
  classes: readonly string[] | undefined
  /** Hears that the connection was lost, or could not be made again. */
  notices: Notices
  /**
   * Connected, at first or again. `same`: the worker id is the one it was; otherwise its tasks have been given
   * to others and what still runs here is of no account.
   */
  onConnected: (workerId: number, same: boolean) => void
}

/** What `pg_stat_activity` shows of a worker thread: all its connections, from whichever machine. */
export function workerName(thread: number): string {
  return `djet-worker-${thread}@${hostname().slice(0, 30)}/${process.pid}`
}

/**
 * Milliseconds after which the server gives up a statement of the queue, and after which a connection that has not
 * said even that is taken for cut: a cable that was pulled says nothing.
 */
const STATEMENT = 15_000
const SILENCE = 18_000
/** Milliseconds between two tries to connect, doubled each time, at least and at most; ± 25 %. */
const PAUSE = [50, 3000] as const
/** Tries to get the lock back from a connection that the server has just been told to end, and between two of them. */
const TAKE_BACK = 20
const TAKE_BACK_PAUSE = 50

/**
 * The statements of the queue look rows up by key, whatever the statistics say: right after a large insert or on
 * an empty table those would make the planner read the whole table for each row. Where a key comes from another table
 * of the statement it is compared as `key = any (array[other])`: a plain equality is one to merge by, for which the
 * planner reads an index from end to end while the table is a page, and does so still when it is thousands.
 */
export const PLANS = ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin']
  .map((way) => `set enable_${way} = off`)
  .concat('set plan_cache_mode = force_generic_plan', 'set jit = off', `set statement_timeout = ${STATEMENT}`)
  .join('; ')

/**
 * A worker's own connection: it holds the advisory lock that says the worker lives, and runs the queue's
 * statements. Its process listens for it. When it breaks it is made again with back-off, and statements wait for that.
 */
export class Session implements Runner {
  workerId = 0
  /** Milliseconds that the database's time of day is ahead of `clock`. */
  ahead = 0
  /** Its process at the server, of this connection or of the last one. */
  #backend = 0
  readonly #options: SessionOptions
  #client: pg.Client | undefined
  #connecting: Promise<void> | undefined
  #closed = false
  /** The connection runs one statement at a time. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Connects for the first time, as soon as the database can be reached. */
  async open(): Promise<void> {
    try {
      await this.#connect()
    } catch (error) {
      if (!isConnectionError(error)) throw error
      this.#options.notices.notice(messageOf(error))
      await this.#reconnect()
    }
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
      const watch = setTimeout(() => this.#drop(client, 'it does not answer'), SILENCE)
      try {
        const query = typeof statement === 'string' ? { text: statement } : { ...statement }
        const { rows } = await client.query({ ...query, values: values as unknown[] })
        return rows as Row[]
      } catch (error) {
        if (this.#closed) throw error
        // It waited for a lock: it is sent again.
        if (isTimeout(error)) continue
        if (!isConnectionError(error)) throw error
        this.#drop(client, messageOf(error))
      } finally {
        clearTimeout(watch)
      }
    }
  }

  /** Takes a new worker id, because the old one was given up for dead. */
  async renew(): Promise<void> {
    if (this.#client) this.#drop(this.#client, 'the worker was given up for dead')
    await this.#reconnect()
  }

  async close(): Promise<void> {
    this.#closed = true
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => {})
  }

  /** The connection is of no use any more; if it was the session's, a new one is made at once. */
  #drop(client: pg.Client, reason: string): void {
    // Not `end()` alone, which would wait for an answer.
    client.connection.stream.destroy()
    if (this.#client !== client) return
    this.#client = undefined
    if (this.#closed) return
    this.#options.notices.notice(reason)
    this.#reconnect().catch(() => {})
  }

  #reconnect(): Promise<void> {
    this.#connecting ??= this.#connectAgain().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connectAgain(): Promise<void> {
    for (let wait: number = PAUSE[0]; !this.#closed; wait = Math.min(wait * 2, PAUSE[1])) {
      try {
        await this.#connect()
        return
      } catch (error) {
        this.#options.notices.notice(messageOf(error))
        await sleep(wait * (0.75 + Math.random() / 2))
      }
    }
    throw new Error('the worker session is closed')
  }

  async #connect(): Promise<void> {
    const { databaseUrl, thread } = this.#options
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: workerName(thread),
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: 10_000,
    })
    client.on('error', (error) => this.#drop(client, messageOf(error)))
    client.on('end', () => this.#drop(client, 'the server closed the connection'))
    const watch = setTimeout(() => client.connection.stream.destroy(), SILENCE)
    try {
      await client.connect()
      await client.query(PLANS)
      const same = await this.#identify(client)
      this.ahead = await clockAhead({ query: async (text) => (await client.query(String(text))).rows })
      if (this.#closed) throw new Error('the worker session is closed')
      this.#client = client
      this.#options.onConnected(this.workerId, same)
    } catch (error) {
      client.connection.stream.destroy()
      throw error
    } finally {
      clearTimeout(watch)
    }
  }

  /** Takes the lock of the worker id it had, or a new id. */
  async #identify(client: pg.Client): Promise<boolean> {
    const { thread, classes } = this.#options
    const old = this.#backend
    const { rows: backend } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    this.#backend = backend[0]!.pid
    if (this.workerId > 0 && (await this.#takeBack(client, old))) return true
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

  /** The server may not know yet that the old connection is cut: it is told to end it. */
  async #takeBack(client: pg.Client, old: number): Promise<boolean> {
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and pid <> pg_backend_pid() and application_name = $2',
      [old, workerName(this.#options.thread)],
    )
    for (let tries = 0; tries < TAKE_BACK; tries++) {
      const { rows } = await client.query<{ ours: boolean }>(
        'select pg_try_advisory_lock($2, worker_id) as ours from jobmachine.worker where worker_id = $1 and ended is null',
        [this.workerId, WORKER_LOCK],
      )
      if (rows.length === 0) return false
      if (rows[0]!.ours) return true
      await sleep(TAKE_BACK_PAUSE)
    }
    return false
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '57014'
}
