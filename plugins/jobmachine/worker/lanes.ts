import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { isConnectionError } from '../queue/connection-error.ts'
import type { Runner } from '../queue/runner.ts'
import { PLANS, workerName } from './session.ts'

/**
 * Connections of a worker that takes its tasks one by one: a statement for each of its slots may run at the same
 * time, so that their commits reach the disk together.
 */
export class Lanes implements Runner {
  readonly #pool: pg.Pool
  readonly #onLost: () => void
  #closed = false

  /** @param options.onLost a connection broke: what its last statement claimed is not known */
  constructor(options: { databaseUrl: string; thread: number; size: number; onLost: () => void }) {
    this.#onLost = options.onLost
    this.#pool = new pg.Pool({
      connectionString: options.databaseUrl,
      application_name: workerName(options.thread),
      max: options.size,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 60_000,
      verify: (client, done) => void client.query(PLANS).then(() => done(), done),
    })
    this.#pool.on('error', () => {})
  }

  /** Runs a statement, again on another connection when its own breaks. */
  async query<Row = Record<string, unknown>>(
    statement: string | { readonly name: string; readonly text: string },
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const query = typeof statement === 'string' ? { text: statement } : { ...statement }
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      try {
        const { rows } = await this.#pool.query({ ...query, values: values as unknown[] })
        return rows as Row[]
      } catch (error) {
        if (this.#closed || !isConnectionError(error)) throw error
        this.#onLost()
        await sleep(wait * (0.75 + Math.random() / 2))
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#pool.end()
  }
}
