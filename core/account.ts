import { hash, verify } from '@node-rs/argon2'
import { DjetError } from './error.ts'
import type { User } from './node/access.ts'
import { isStorable } from './node/text.ts'
import type { Djet } from './scope.ts'

/** Shortest password that is accepted, characters. */
export const SHORTEST_PASSWORD = 8
const LONGEST_PASSWORD = 1000

/** OWASP's recommendation for argon2id: 19 MiB, 2 passes, 1 lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Who may log in, as stored; the password only as a hash. */
export interface Account extends User {
  readonly enabled: boolean
  readonly created: Date
}

export interface NewAccount {
  login: string
  /** Name for people; the login when absent. */
  name?: string
  password: string
  roles?: readonly string[]
}

const COLUMNS = 'id, login, name, roles, enabled, created'

/** @throws {DjetError} PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, 422 */
export function checkPassword(password: string): void {
  const length = [...password].length
  if (length >= SHORTEST_PASSWORD && length <= LONGEST_PASSWORD) return
  const problem =
    length < SHORTEST_PASSWORD
      ? `must have at least ${SHORTEST_PASSWORD} characters`
      : 'is longer than 1000 characters'
  throw new DjetError(
    length < SHORTEST_PASSWORD ? 'PASSWORD_TOO_SHORT' : 'PASSWORD_TOO_LONG',
    `the password ${problem}.`,
    {
      status: 422,
      fields: { password: problem },
    },
  )
}

/** @throws {DjetError} LOGIN_INVALID and NAME_INVALID 422, LOGIN_TAKEN 409, and those of `checkPassword` */
export async function createAccount(djet: Djet, account: NewAccount): Promise<Account> {
  const login = account.login.trim().toLowerCase()
  if (!/^[a-z0-9][a-z0-9._@+-]{0,99}$/.test(login)) {
    const problem = 'must be letters, digits and . _ @ + -, beginning with a letter or digit'
    throw new DjetError('LOGIN_INVALID', `the login ${problem}.`, { status: 422, fields: { login: problem } })
  }
  checkPassword(account.password)
  const name = account.name?.trim() || login
  if (name.length > 255 || !isStorable(name)) {
    const problem = 'must be one line of at most 255 characters'
    throw new DjetError('NAME_INVALID', `the name ${problem}.`, { status: 422, fields: { name: problem } })
  }
  const rows = await djet.query<Account>(
    `insert into djet.account (login, name, password_hash, roles) values ($1, $2, $3, $4)
     on conflict (login) do nothing returning ${COLUMNS}`,
    [login, name, await hash(account.password, ARGON2), account.roles ?? []],
  )
  if (rows[0]) return rows[0]
  throw new DjetError('LOGIN_TAKEN', `there is already a user '${login}'.`, {
    status: 409,
    fields: { login: 'is taken' },
  })
}

export async function findAccount(djet: Djet, login: string): Promise<Account | null> {
  const rows = await djet.query<Account>(`select ${COLUMNS} from djet.account where login = $1`, [
    login.trim().toLowerCase(),
  ])
  return rows[0] ?? null
}

/** Changes a password and ends all sessions of the account. @throws {DjetError} LOGIN_UNKNOWN, 404 */
export async function setPassword(djet: Djet, login: string, password: string): Promise<void> {
  checkPassword(password)
  const hashed = await hash(password, ARGON2)
  await djet.transaction(async (djet) => {
    const [row] = await djet.query<{ id: number }>(
      'update djet.account set password_hash = $2, modified = now() where login = $1 returning id',
      [login.trim().toLowerCase(), hashed],
    )
    if (!row) throw new DjetError('LOGIN_UNKNOWN', `there is no user '${login}'.`, { status: 404 })
    await djet.query('delete from djet.session where account_id = $1', [row.id])
  })
}

/** The account when login and password fit, else null; takes as long for an unknown login as for a known one. */
export async function authenticate(djet: Djet, login: string, password: string): Promise<Account | null> {
  if (!isStorable(login)) return null
  const [row] = await djet.query<Account & { password_hash: string }>(
    `select ${COLUMNS}, password_hash from djet.account where login = $1`,
    [login.trim().toLowerCase().slice(0, 200)],
  )
  if (password.length > LONGEST_PASSWORD) return null
  const fits = await verify(row?.password_hash ?? (await decoy()), password)
  if (!row || !fits || !row.enabled) return null
  const { password_hash: _, ...account } = row
  return account
}

/** A hash that no password fits, so that an unknown login costs what a known one does. */
function decoy(): Promise<string> {
  return hash(crypto.randomUUID(), ARGON2)
}
