import { createHash, randomBytes } from 'node:crypto'
import type { Connection } from './db/connection.ts'
import { DjetError } from './error.ts'
import type { User } from './node/access.ts'
import { isScope, SCOPES, type Scope } from './node/scopes.ts'
import { isStorable } from './node/text.ts'
import type { Djet } from './scope.ts'

/** With what all tokens begin, so that whoever finds one in a file knows what it is. */
export const TOKEN_PREFIX = 'djet_'
/** Tokens one account may have. */
const MOST = 50
const LONGEST_NAME = 100
/** Days a token is good for at most, where it has an end. */
const MOST_DAYS = 3650

/** By which a program comes in the name of a user. */
export interface Token {
  readonly id: number
  /** What its owner calls it. */
  readonly name: string
  readonly scopes: readonly Scope[]
}

/** A token as its owner sees it later: never the token itself. */
export interface TokenInfo extends Token {
  /** Its first characters, to know it by. */
  readonly start: string
  readonly created: Date
  /** Null: it has no end. */
  readonly expires: Date | null
  readonly expired: boolean
  /** To within a minute; null: never. */
  readonly lastUsed: Date | null
}

export interface NewToken {
  accountId: number
  name: string
  /** `read` is always among them. */
  scopes: readonly string[]
  /** Absent: it has no end. */
  expires?: Date | null
}

const COLUMNS = `id, name, start, scopes, created, expires, last_used as "lastUsed",
  coalesce(expires <= now(), false) as expired`

/**
 * Makes a token. It is told this once: only its SHA-256 is kept. Noting it, and who may, is the caller's.
 *
 * @throws {DjetError} TOKEN_INVALID, 422, with `fields`; TOKEN_MOST, 409
 * @example const { token } = await createToken(djet, { accountId, name: 'deploy', scopes: ['write'] })
 */
export async function createToken(djet: Djet, wanted: NewToken): Promise<TokenInfo & { token: string }> {
  const { name, scopes, expires } = checked(wanted)
  const token = `${TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`
  return djet.transaction(async (djet) => {
    // One after the other, so that the count holds.
    await djet.query('select from djet.account where id = $1 for no key update', [wanted.accountId])
    const [{ n } = { n: 0 }] = await djet.query<{ n: number }>(
      'select count(*) as n from djet.api_token where account_id = $1',
      [wanted.accountId],
    )
    if (n >= MOST) {
      const message = `one user has at most ${MOST} tokens. Revoke those that are not needed.`
      throw new DjetError('TOKEN_MOST', message, { status: 409, fields: { name: message } })
    }
    const [row] = await djet.query<TokenInfo>(
      `insert into djet.api_token (account_id, name, hash, start, scopes, expires)
       values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
      [wanted.accountId, name, digest(token), token.slice(0, TOKEN_PREFIX.length + 4), scopes, expires],
    )
    return { ...row!, token }
  })
}

function checked({ name, scopes, expires = null }: NewToken) {
  const fields: Record<string, string> = {}
  const short = name.trim()
  if (short === '') fields.name = 'must be filled in'
  else if (short.length > LONGEST_NAME || !isStorable(short) || /\p{Cc}/u.test(short)) {
    fields.name = `must be one line of at most ${LONGEST_NAME} characters`
  }
  const odd = scopes.find((scope) => !isScope(scope))
  if (odd !== undefined) {
    fields.scopes = `'${odd.slice(0, 40)}' is none of ${Object.keys(SCOPES).join(', ')}`
  }
  const latest = Date.now() + MOST_DAYS * 86_400_000
  if (expires !== null && !(expires.getTime() > Date.now() && expires.getTime() <= latest)) {
    fields.expires = 'must be a day to come, within ten years'
  }
  const problems = Object.entries(fields)
  if (problems.length > 0) {
    const message = problems.map(([field, problem]) => `${field} ${problem}`).join('; ')
    throw new DjetError('TOKEN_INVALID', `the token cannot be made: ${message}.`, { status: 422, fields })
  }
  return { name: short, scopes: [...new Set(['read', ...scopes])].filter(isScope), expires }
}

/** The tokens of an account, the latest first. */
export function tokensOf(djet: Djet, accountId: number): Promise<TokenInfo[]> {
  return djet.query<TokenInfo>(
    `select ${COLUMNS} from djet.api_token where account_id = $1 order by id desc limit ${MOST}`,
    [accountId],
  )
}

/** Makes tokens of an account worthless: one of them, or all. What was revoked. */
export function revokeTokens(
  djet: Djet,
  { accountId, id }: { accountId: number; id?: number },
): Promise<Token[]> {
  return djet.query<Token>(
    `delete from djet.api_token where account_id = $1 and ($2::bigint is null or id = $2)
     returning id, name, scopes`,
    [accountId, id ?? null],
  )
}

interface TokenRow {
  id: number
  name: string
  scopes: string[]
  account_id: number
  login: string
  account_name: string
  roles: string[]
  stale: boolean
}

/** Whose token it is; null: nobody's, at its end, or of somebody who is disabled. When it was used is noted. */
export async function findToken(
  connection: Connection,
  token: string,
): Promise<{ user: User; token: Token } | null> {
  if (!/^djet_[\w-]{43}$/.test(token)) return null
  const [row] = await connection.query<TokenRow>(
    {
      name: 'djet-token',
      text: `select t.id, t.name, t.scopes, a.id as account_id, a.login, a.name as account_name, a.roles,
          t.last_used is null or t.last_used < now() - interval '1 minute' as stale
        from djet.api_token t join djet.account a on a.id = t.account_id and a.enabled
        where t.hash = $1 and (t.expires is null or t.expires > now())`,
    },
    [digest(token)],
  )
  if (!row) return null
  if (row.stale) {
    await connection.query(
      `update djet.api_token set last_used = now()
       where id = $1 and (last_used is null or last_used < now() - interval '1 minute')`,
      [row.id],
    )
  }
  const { account_id: id, login, account_name: name, roles } = row
  const scopes = row.scopes.filter(isScope)
  return { user: { id, login, name, roles }, token: { id: row.id, name: row.name, scopes } }
}

/** Removes tokens whose end is a month ago; until then their owner sees that they have ended. */
export async function removeEndedTokens(connection: Connection): Promise<void> {
  await connection.query("delete from djet.api_token where expires < now() - interval '30 days'")
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
