import { createHash, randomBytes } from 'node:crypto'
import type { Djet, User } from '../../../core/index.ts'

/** A login that waits for its second factor, a link for a new password, an invitation. */
export type Purpose = 'login' | 'password' | 'invitation'

/** Minutes that each is good for. */
export const MINUTES: Readonly<Record<Purpose, number>> = { login: 10, password: 30, invitation: 7 * 24 * 60 }

/** Whose token it is. */
export interface TokenOwner {
  readonly purpose: Purpose
  readonly user: User
  readonly data: Readonly<Record<string, unknown>>
}

interface NewToken {
  accountId: number
  purpose: Purpose
  /** Of one that is mailed: `email`, where to. It is worth nothing once its owner has another address. */
  data?: Record<string, unknown>
}

/** Makes a token that is good once, for a time; older ones of the same purpose are worth nothing from then on. */
export async function makeToken(djet: Djet, { accountId, purpose, data = {} }: NewToken): Promise<string> {
  // 192 bits; short enough that a link keeps within one line of a mail kept as a file.
  const token = randomBytes(24).toString('base64url')
  await djet.transaction(async (djet) => {
    // Half-done logins may stand side by side: two browsers.
    if (purpose !== 'login') await forgetTokens(djet, accountId, purpose)
    await djet.query(
      `insert into users.token (hash, account_id, purpose, data, expires)
       values ($1, $2, $3, $4, now() + $5 * interval '1 minute')`,
      [digest(token), accountId, purpose, JSON.stringify(data), MINUTES[purpose]],
    )
  })
  return token
}

const OWNER = `
  a.enabled and t.expires > now() and t.hash = $1 and t.purpose = any($2)
  and a.id = t.account_id
  and (t.data ->> 'email' is null or exists (
    select from users.profile p join djet.node n on n.id = p.node_id
    where p.account_id = a.id and n.data ->> 'email' = t.data ->> 'email'))`

interface Row extends User {
  purpose: Purpose
  data: Record<string, unknown>
}

/** Whose token it is; null: nobody's, used, too old, mailed to an address he had, or of somebody who is disabled. */
export async function findToken(
  djet: Djet,
  token: string,
  purposes: readonly Purpose[],
): Promise<TokenOwner | null> {
  const [row] = await djet.query<Row>(
    `select t.purpose, t.data, a.id, a.login, a.name, a.roles from users.token t, djet.account a where ${OWNER}`,
    [digest(token), purposes],
  )
  return row ? ownerOf(row) : null
}

/** The same, and it is worth nothing afterwards: of two at the same time one gets null. */
export async function spendToken(
  djet: Djet,
  token: string,
  purposes: readonly Purpose[],
): Promise<TokenOwner | null> {
  const [row] = await djet.query<Row>(
    `delete from users.token t using djet.account a where ${OWNER}
     returning t.purpose, t.data, a.id, a.login, a.name, a.roles`,
    [digest(token), purposes],
  )
  return row ? ownerOf(row) : null
}

export async function forgetTokens(djet: Djet, accountId: number, purpose?: Purpose): Promise<void> {
  await djet.query('delete from users.token where account_id = $1 and ($2::text is null or purpose = $2)', [
    accountId,
    purpose ?? null,
  ])
}

function ownerOf({ purpose, data, id, login, name, roles }: Row): TokenOwner {
  return { purpose, data, user: { id, login, name, roles } }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
