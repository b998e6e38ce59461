import pg from 'pg'
import type { Logger } from 'pino'
import { DjetError, messageOf } from '../error.ts'
import { checkUrl, unreachable } from './connect-error.ts'
import { makeInTurn } from './in-turn.ts'
import type { Notices } from './outage.ts'

export type Listener = (payload: string) => void

export interface ListenOptions {
  /** What `pg_stat_activity` shows. */
  readonly applicationName?: string
  /** Milliseconds between two looks whether the connection is alive; 30 s when absent. */
  readonly probeEvery?: number
  /** Hears that the connection was lost, for one line in the log whoever notices; the log itself when absent. */
  readonly notices?: Notices
}

const probeTimeout = 10_000
const longestPause = 10_000

/**
 * PostgreSQL's notifications for one process: one connection for all channels, opened at first use and opened again
 * when lost. What was notified in between never comes, so whoever keeps something by notifications must drop it
 * when `onGap` says so. Needs a session of its own: not PgBouncer's transaction pooling.
 *
 * @example
 * const hub = new ListenHub(url, log)
 * const unlisten = await hub.listen('djet_node', (payload) => cache.delete(payload))
 * hub.onGap(() => cache.clear())
 */
export class ListenHub {
  readonly #url: string
  readonly #log: Logger
  readonly #options: ListenOptions
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #gapListeners = new Set<() => void>()
  #client: pg.Client | undefined
  #inTurn = makeInTurn()
  #opening: Promise<void> | undefined
  #isReopening = false
  #retry: NodeJS.Timeout | undefined
  #probe: NodeJS.Timeout | undefined
  #stopped = false

  constructor(url: string, log: Logger, options: ListenOptions = {}) {
    this.#url = url
    this.#log = log
    this.#options = options
  }

  /** Whether notifications arrive now; false as well before the first use. */
  get connected(): boolean {
    return this.#client !== undefined
  }

  /**
   * Calls the listener for each notification of a channel from now on. While the connection is lost the channel is
   * noted and listened to as soon as it is back.
   *
   * @returns ends it
   * @throws DATABASE_UNREACHABLE at the first use; LISTEN_CHANNEL for a name PostgreSQL would cut off
   */
  async listen(channel: string, listener: Listener): Promise<() => void> {
    if (Buffer.byteLength(channel) > 63 || channel === '' || channel.includes('\0')) {
      throw new DjetError('LISTEN_CHANNEL', `'${channel}' is no channel: its name must have 1 to 63 bytes`)
    }
    if (this.#stopped) throw new DjetError('LISTEN_STOPPED', 'notifications were asked for after the stop')
    const known = this.#listeners.get(channel)
    const listeners = known ?? new Set()
    listeners.add(listener)
    this.#listeners.set(channel, listeners)
    try {
      await this.#ensureOpen()
      await this.#send(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      // A connection lost meanwhile listens to all that is noted when it is back.
      if (!this.#isReopening) {
        this.#remove(channel, listener)
        throw error
      }
    }
    return () => this.#remove(channel, listener)
  }

  /**
   * Calls the listener whenever notifications may have been missed: as soon as the connection is lost, and again
   * when it is back.
   *
   * @returns ends it
   */
  onGap(listener: () => void): () => void {
    this.#gapListeners.add(listener)
    return () => this.#gapListeners.delete(listener)
  }

  /** Closes the connection. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#retry)
    clearInterval(this.#probe)
    await this.#opening?.catch(() => {})
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => {})
  }

  async #ensureOpen(): Promise<void> {
    if (this.connected || this.#isReopening) return
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    await this.#opening
  }

  async #open(): Promise<void> {
    const url = this.#url
    checkUrl(url)
    const client = new pg.Client({
      connectionString: url,
      application_name: this.#options.applicationName ?? `djet-listen/${process.pid}`,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    })
    client.on('error', (error) => this.#lost(client, messageOf(error)))
    client.on('end', () => this.#lost(client, 'the server closed it'))
    client.on('notification', ({ channel, payload }) => this.#deliver(channel, payload ?? ''))
    try {
      await client.connect()
      for (const channel of this.#listeners.keys()) {
        await client.query(`listen ${pg.escapeIdentifier(channel)}`)
      }
    } catch (error) {
      client.end().catch(() => {})
      throw unreachable(url, error)
    }
    if (this.#stopped) return void (await client.end())
    this.#client = client
    this.#inTurn = makeInTurn()
    // A channel noted while the others were being asked for.
    for (const channel of this.#listeners.keys()) {
      this.#send(`listen ${pg.escapeIdentifier(channel)}`).catch(() => {})
    }
    clearInterval(this.#probe)
    this.#probe = setInterval(() => this.#look(client), this.#options.probeEvery ?? 30_000).unref()
  }

  /** A cable that was cut says nothing; only a question that stays unanswered tells. */
  #look(client: pg.Client): void {
    const timeout = setTimeout(() => this.#lost(client, 'it does not answer'), probeTimeout).unref()
    this.#send('select 1')
      .catch((error: unknown) => this.#lost(client, messageOf(error)))
      .finally(() => clearTimeout(timeout))
  }

  async #send(text: string): Promise<void> {
    const client = this.#client
    await this.#inTurn(async () => client?.query(text))
  }

  #lost(client: pg.Client, reason: string): void {
    if (this.#client !== client || this.#stopped) return
    this.#client = undefined
    clearInterval(this.#probe)
    // Not `end()` alone, which would wait for an answer.
    client.connection.stream.destroy()
    const { notices } = this.#options
    if (notices) notices.notice(reason)
    else this.#log.warn(`notifications: the connection was lost (${reason}), connecting again`)
    this.#isReopening = true
    this.#gap()
    this.#reopen(100)
  }

  #reopen(pause: number): void {
    this.#retry = setTimeout(
      async () => {
        try {
          await this.#open()
        } catch (error) {
          this.#options.notices?.notice(messageOf(error))
          if (!this.#stopped) this.#reopen(Math.min(pause * 2, longestPause))
          return
        }
        this.#isReopening = false
        if (this.#stopped) return
        this.#log[this.#options.notices ? 'debug' : 'info']('notifications: connected again')
        this.#gap()
      },
      pause * (0.75 + Math.random() / 2),
    )
  }

  #deliver(channel: string, payload: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) this.#call(() => listener(payload))
  }

  #gap(): void {
    for (const listener of this.#gapListeners) this.#call(listener)
  }

  #call(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      this.#log.error({ err: error }, 'notifications: a listener failed')
    }
  }

  #remove(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel)
    if (!listeners?.delete(listener) || listeners.size > 0) return
    this.#listeners.delete(channel)
    this.#send(`unlisten ${pg.escapeIdentifier(channel)}`).catch(() => {})
  }
}
