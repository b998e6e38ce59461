import { createHash } from 'node:crypto'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { type Djet, type DjetApp, DjetError } from '../../../core/index.ts'
import type { Settings } from '../options.ts'

/** What is counted: wrong passwords of an account, wrong codes, whatever comes from an address, mails with a link. */
type Kind = 'account' | 'code' | 'address' | 'mail'

/** Too much was tried; `seconds` is how long to wait. */
export class TooManyAttempts extends DjetError {
  readonly seconds: number

  constructor(seconds: number) {
    super('TOO_MANY_ATTEMPTS', `too many attempts. Try again in ${inMinutes(seconds)}.`, { status: 429 })
    this.seconds = seconds
  }
}

/** Mails with a link that one account gets within the minutes of the lock-out. */
const MAILS = 3

/** What is counted stays counted when the transaction around it fails, so it is counted outside of it. */
function counter({ app }: Djet, settings: Settings, kind: Kind): RateLimiterPostgres {
  return limiter(app.database, settings, kind)
}

/** What is looked at and forgotten is so in the transaction at hand: it asks for no second connection. */
function limiter(connection: Pick<Djet, 'query'>, { lockout }: Settings, kind: Kind): RateLimiterPostgres {
  const seconds = Math.ceil(lockout.minutes * 60)
  return new RateLimiterPostgres({
    // As much of a client of pg as is asked for: one query at a time.
    storeClient: {
      query: async ({ text, values, name }: { text: string; values: unknown[]; name?: string }) => {
        const rows = await connection.query(name ? { name, text } : text, values)
        return { rows, rowCount: rows.length }
      },
    },
    storeType: 'client',
    schemaName: 'users',
    tableName: 'attempt',
    tableCreated: true,
    clearExpiredByTimeout: false,
    keyPrefix: kind,
    points: { account: lockout.attempts, code: lockout.attempts, address: lockout.perAddress, mail: MAILS }[
      kind
    ],
    duration: seconds,
    blockDuration: seconds,
  })
}

/**
 * Counts an attempt before it is made, so that many at once are not more than one after the other.
 * @throws {TooManyAttempts}
 */
export async function countAttempt(djet: Djet, settings: Settings, kind: Kind, key: string): Promise<void> {
  try {
    await counter(djet, settings, kind).consume(keyOf(key))
  } catch (refused) {
    if (refused instanceof RateLimiterRes) {
      throw new TooManyAttempts(Math.max(1, Math.ceil(refused.msBeforeNext / 1000)))
    }
    throw refused
  }
}

/** Forgets the attempts of an account or of its codes: the right one came, or an administrator unlocks it. */
export async function forgetAttempts(
  djet: Djet,
  settings: Settings,
  kind: 'account' | 'code' | 'mail',
  key: string,
): Promise<void> {
  await limiter(djet, settings, kind).delete(keyOf(key))
}

/** Takes back the attempt of an address that came to something. */
export async function rewardAddress(djet: Djet, settings: Settings, address: string): Promise<void> {
  await counter(djet, settings, 'address').reward(keyOf(addressKey(address)))
}

/** Counts an attempt from an address. @throws {TooManyAttempts} */
export function countAddress(djet: Djet, settings: Settings, address: string): Promise<void> {
  return countAttempt(djet, settings, 'address', addressKey(address))
}

/** Seconds an account is still locked for, by its password or its codes; 0: it is not. */
export async function lockedFor(
  djet: Djet,
  settings: Settings,
  account: { login: string; id: number },
): Promise<number> {
  const waits = [
    [await limiter(djet, settings, 'account').get(keyOf(account.login)), settings.lockout.attempts],
    [await limiter(djet, settings, 'code').get(keyOf(String(account.id))), settings.lockout.attempts],
  ] as const
  const locked = waits.filter(([found, most]) => found !== null && found.consumedPoints > most)
  return Math.max(0, ...locked.map(([found]) => Math.ceil((found?.msBeforeNext ?? 0) / 1000)))
}

/** Removes counts whose time is over. */
export async function removeOldAttempts(app: DjetApp): Promise<void> {
  await app.database.query('delete from users.attempt where expire < $1', [Date.now()])
}

/** One address of IPv4; of IPv6 the network of 64 bits, since one customer has as many as he likes. */
export function addressKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').split('%')[0]!
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array(Math.max(0, 8 - left.length - right.length)).fill('0')
  const groups = [...left, ...zeros, ...right].slice(0, 4)
  return groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':')
}

/** `14 minutes`, `40 seconds`. */
export function inMinutes(seconds: number): string {
  const [n, unit] = seconds > 60 ? [Math.ceil(seconds / 60), 'minute'] : [Math.max(1, seconds), 'second']
  return `${n} ${unit}${n === 1 ? '' : 's'}`
}

/** Nothing a person can read, whatever was typed as login. */
function keyOf(key: string): string {
  return createHash('sha256').update(key.trim().toLowerCase()).digest('base64url')
}
