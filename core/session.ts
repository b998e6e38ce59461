import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import type { Database } from './db/database.ts'
import type { FlashAction, FlashKind } from './engine.ts'
import type { User } from './node/access.ts'

const COOKIE = 'djet_session'
const GUEST_COOKIE = 'djet_guest'
/** Characters of what a browser says it is that are kept. */
const LONGEST_USER_AGENT = 300

/** A message for the next page. */
export interface Flash {
  readonly message: string
  readonly kind: FlashKind
  /** What the visitor may do about it. */
  readonly action?: FlashAction
}

interface SessionRow {
  id: number
  account_id: number | null
  login: string | null
  name: string | null
  roles: string[] | null
  flash: Flash[]
  stale: boolean
}

export interface SessionSettings {
  /** Days without a visit after which a session ends. */
  readonly days: number
  /** Secret of the site, for the tokens of forms. */
  readonly secret: string
}

/** Whether a request brings a session cookie: without one it is a guest's, whose page may come from the cache. */
export function hasSession({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers.cookie?.includes(`${COOKIE}=`) ?? false
}

/**
 * One visitor's session: a random token in an HttpOnly cookie, its SHA-256 in `djet.session`. Written only when
 * there is something to keep: a login, or a message for the next page.
 */
export class Session {
  readonly #ctx: Context
  readonly #database: Database
  readonly #settings: SessionSettings
  #token: string | undefined
  #id: number | undefined
  #guestKey: string | undefined
  #user: User | null = null
  #flash: Flash[] = []

  private constructor(ctx: Context, database: Database, settings: SessionSettings) {
    this.#ctx = ctx
    this.#database = database
    this.#settings = settings
  }

  static async load(ctx: Context, database: Database, settings: SessionSettings): Promise<Session> {
    const session = new Session(ctx, database, settings)
    const token = hasSession(ctx) ? ctx.cookies.get(COOKIE) : undefined
    if (!token) return session
    const [row] = await database.query<SessionRow>(
      {
        name: 'djet-session',
        text: `select s.id, s.account_id, a.login, a.name, a.roles, s.flash, s.seen < now() - interval '5 minutes' as stale
          from djet.session s left join djet.account a on a.id = s.account_id and a.enabled
          where s.token_hash = $1 and s.expires > now()`,
      },
      [digest(token)],
    )
    if (!row) return session
    session.#token = token
    session.#id = row.id
    session.#flash = row.flash
    if (row.account_id !== null && row.login !== null) {
      session.#user = {
        id: row.account_id,
        login: row.login,
        name: row.name ?? row.login,
        roles: row.roles ?? [],
      }
    }
    if (row.stale) await session.#touch(token)
    return session
  }

  /** Of a request that brings a token: cookies do not count, and none is set for what a page would say. */
  static ofToken(ctx: Context, database: Database, settings: SessionSettings, user: User): Session {
    const session = new Session(ctx, database, settings)
    session.#user = user
    return session
  }

  /** Its number among those of `sessionsOf`; undefined: nothing is kept of this visitor. */
  get id(): number | undefined {
    return this.#id
  }

  get user(): User | null {
    return this.#user
  }

  /** Logs a user in under a new token, so that a token known from before is worth nothing. */
  async logIn(user: User): Promise<void> {
    await this.#end()
    this.#user = user
    await this.#begin(user.id)
  }

  async logOut(): Promise<void> {
    await this.#end()
    this.#user = null
    this.#ctx.cookies.set(COOKIE, null, this.#cookieOptions())
  }

  /** Keeps a message for the next page. */
  async addFlash(flash: Flash): Promise<void> {
    if (this.#token === undefined) await this.#begin(null)
    await this.#database.query('update djet.session set flash = flash || $2::jsonb where token_hash = $1', [
      digest(this.#token!),
      JSON.stringify([flash]),
    ])
  }

  /** The kept messages, which are then forgotten. */
  async takeFlash(): Promise<Flash[]> {
    if (this.#flash.length === 0 || this.#token === undefined) return []
    const taken = this.#flash
    this.#flash = []
    await this.#database.query("update djet.session set flash = '[]' where token_hash = $1", [
      digest(this.#token),
    ])
    return taken
  }

  /** The token of this visitor's forms: an HMAC of his session's token, or of a cookie set for the purpose. */
  formToken(): string {
    return this.#sign(this.#formKey() ?? this.#newGuest())
  }

  /** Whether a form's token is this visitor's. */
  checkFormToken(given: unknown): boolean {
    const key = this.#formKey()
    if (key === undefined || typeof given !== 'string') return false
    const expected = Buffer.from(this.#sign(key))
    const actual = Buffer.from(given)
    return expected.length === actual.length && timingSafeEqual(expected, actual)
  }

  #sign(key: string): string {
    return createHmac('sha256', this.#settings.secret).update(`form:${key}`).digest('base64url')
  }

  /** A guest keeps his key when a message gives him a session: forms open in other tabs stay good. */
  #formKey(): string | undefined {
    return this.#user === null ? (this.#guest() ?? this.#token) : this.#token
  }

  #guest(): string | undefined {
    this.#guestKey ??= this.#ctx.cookies.get(GUEST_COOKIE) || undefined
    return this.#guestKey
  }

  #newGuest(): string {
    const key = randomBytes(24).toString('base64url')
    this.#ctx.cookies.set(GUEST_COOKIE, key, { ...this.#cookieOptions(), maxAge: undefined })
    this.#guestKey = key
    return key
  }

  async #begin(accountId: number | null): Promise<void> {
    const token = randomBytes(32).toString('base64url')
    const [row] = await this.#database.query<{ id: number }>(
      `insert into djet.session (token_hash, account_id, expires, address, user_agent)
       values ($1, $2, now() + $3 * interval '1 day', $4, $5) returning id`,
      [digest(token), accountId, this.#settings.days, ...this.#device()],
    )
    this.#token = token
    this.#id = row!.id
    this.#ctx.cookies.set(COOKIE, token, this.#cookieOptions())
  }

  async #end(): Promise<void> {
    if (this.#token === undefined) return
    await this.#database.query('delete from djet.session where token_hash = $1', [digest(this.#token)])
    this.#token = undefined
    this.#id = undefined
    this.#flash = []
  }

  /** Address and browser of this request. */
  #device(): [string | null, string | null] {
    const { ip, headers } = this.#ctx
    return [ip || null, headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null]
  }

  async #touch(token: string): Promise<void> {
    await this.#database.query(
      `update djet.session set seen = now(), expires = now() + $2 * interval '1 day', address = $3, user_agent = $4
       where token_hash = $1`,
      [digest(token), this.#settings.days, ...this.#device()],
    )
    this.#ctx.cookies.set(COOKIE, token, this.#cookieOptions())
  }

  #cookieOptions() {
    return {
      httpOnly: true,
      sameSite: 'lax' as const,
      secure: this.#ctx.secure,
      maxAge: this.#settings.days * 24 * 60 * 60 * 1000,
      overwrite: true,
    }
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Removes sessions that have ended. */
export async function removeEndedSessions(database: Database): Promise<void> {
  await database.query('delete from djet.session where expires < now()')
}
