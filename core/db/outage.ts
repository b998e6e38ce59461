import pg from 'pg'
import type { Logger } from 'pino'
import { placeOf, reasonOf } from './connect-error.ts'

/** Takes notice of connections that were lost or refused, to be told in the log once. */
export interface Notices {
  /** @param reason what pg or the network said */
  notice(reason: string): void
}

export interface OutageOptions {
  readonly url: string
  readonly log: Logger
  /** What `pg_stat_activity` shows of the look whether the database is back. */
  readonly applicationName?: string
}

/** Milliseconds that notices are gathered before the first look, and for which stragglers are not heard afterwards. */
const GATHER = 200
const STRAGGLE = 5000
/** Milliseconds between two looks, doubled each time, at least and at most. */
const PAUSE = [250, 4000] as const
/** Milliseconds after which a look has failed. */
const PATIENCE = 10_000
/** Milliseconds between two lines on connections that were lost while the database answers. */
const SELDOM = 60_000

/**
 * Tells the log of a process that its database is away: once when it begins and once when it is over, however many
 * connections, threads and parts of the process notice it. It looks by itself whether the database is back.
 */
export class Outage implements Notices {
  readonly #options: OutageOptions
  #timer: NodeJS.Timeout | undefined
  /** Epoch milliseconds; undefined: the database answers, as far as is known. */
  #since: number | undefined
  #isLooking = false
  #reason = ''
  #deafUntil = 0
  #saidAt = 0
  #isStopped = false

  constructor(options: OutageOptions) {
    this.#options = options
  }

  /** Whether the database was away when it was last looked at. */
  get isOn(): boolean {
    return this.#since !== undefined
  }

  notice(reason: string): void {
    if (this.#isStopped) return
    this.#options.log.debug(`a database connection was lost or refused: ${reason}`)
    if (this.isOn || Date.now() < this.#deafUntil) return
    this.#reason = reason
    if (this.#isLooking) return
    this.#isLooking = true
    this.#after(GATHER, () => this.#look(Date.now() - GATHER))
  }

  /** Says nothing more. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  async #look(began: number, pause: number = PAUSE[0]): Promise<void> {
    const problem = await this.#problem()
    if (this.#isStopped) return
    if (problem === undefined) {
      this.#over(began)
      return
    }
    if (!this.isOn) {
      this.#since = began
      this.#options.log.warn(
        `the database at ${placeOf(this.#options.url)} is away (${problem}); trying again until it is back`,
      )
    }
    this.#after(pause * (0.75 + Math.random() / 2), () => this.#look(began, Math.min(pause * 2, PAUSE[1])))
  }

  #over(began: number): void {
    const { log } = this.#options
    const now = Date.now()
    if (this.isOn) log.info(`the database is back after ${((now - began) / 1000).toFixed(1)} s`)
    else if (now - this.#saidAt > SELDOM) {
      log.warn(
        `the database answers, but connections to it were lost or refused (${this.#reason}); made again`,
      )
      this.#saidAt = now
    }
    this.#since = undefined
    this.#isLooking = false
    this.#deafUntil = now + STRAGGLE
  }

  /** Why the database cannot be used now; undefined when it can. */
  async #problem(): Promise<string | undefined> {
    const { url, applicationName } = this.#options
    const client = new pg.Client({
      connectionString: url,
      application_name: applicationName ?? 'djet',
      connectionTimeoutMillis: PATIENCE,
      query_timeout: PATIENCE,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query('select 1')
      client.end().catch(() => {})
      return undefined
    } catch (error) {
      client.end().catch(() => {})
      return reasonOf(error)
    }
  }

  #after(milliseconds: number, work: () => Promise<void>): void {
    this.#timer = setTimeout(() => void work(), milliseconds).unref()
  }
}
