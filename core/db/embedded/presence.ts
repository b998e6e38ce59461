import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Logger } from 'pino'
import { messageOf } from '../../error.ts'
import { codeOf } from '../connect-error.ts'

/**
 * A connection kept as long as this process uses the server, so that others of the site see that it is in use. It
 * is opened and closed under the site's lock.
 */
export class Presence {
  readonly #url: string
  readonly #log: Logger
  readonly #name = `djet-embedded/${process.pid}/${randomBytes(4).toString('hex')}`
  #client: pg.Client | undefined
  #retry: NodeJS.Timeout | undefined
  #over = false

  private constructor(url: string, log: Logger) {
    this.#url = url
    this.#log = log
  }

  static async begin(url: string, log: Logger): Promise<Presence> {
    const presence = new Presence(url, log)
    presence.#client = await presence.#connect()
    return presence
  }

  /** Makes a database unless it is there. */
  async makeDatabase(name: string): Promise<void> {
    try {
      await this.#client?.query(`create database ${pg.escapeIdentifier(name)}`)
    } catch (error) {
      if (codeOf(error) !== '42P04') throw error
    }
  }

  /** Closes the connection; whether other processes of Djet use the server. */
  async end(): Promise<boolean> {
    this.#over = true
    clearTimeout(this.#retry)
    const client = this.#client ?? (await this.#connect().catch(() => undefined))
    if (client === undefined) return false
    try {
      // Sessions of ours end with our process id; another use of the server in this process has a presence too.
      const { rows } = await client.query<{ others: boolean }>(
        `select exists (
           select from pg_stat_activity
           where application_name like 'djet%' and application_name <> 'djet-probe'
             and application_name not like $1 and pid <> pg_backend_pid()
         ) as others`,
        [`%/${process.pid}`],
      )
      return rows[0]?.others ?? false
    } catch {
      return false
    } finally {
      await client.end().catch(() => {})
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: this.#name,
      connectionTimeoutMillis: 5_000,
    })
    client.on('error', (error) => {
      if (this.#client !== client || this.#over) return
      this.#log.warn(`the embedded PostgreSQL closed its connections: ${messageOf(error)}`)
      this.#client = undefined
      this.#again()
    })
    await client.connect()
    return client
  }

  /** After a crash of one of its processes PostgreSQL starts anew by itself; be seen again soon. */
  #again(): void {
    this.#retry = setTimeout(async () => {
      const client = await this.#connect().catch(() => undefined)
      if (this.#over) return void client?.end().catch(() => {})
      if (client === undefined) this.#again()
      else this.#client = client
    }, 500).unref()
  }
}
