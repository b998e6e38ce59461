import { DjetError } from './error.ts'
import type { User } from './node/access.ts'
import { isStorable } from './node/text.ts'
import { checkPassword, fitsPassword, hashPassword } from './password.ts'
import type { Djet } from './scope.ts'

/** Who may log in, as stored; the password only as a hash. */
export interface Account extends User {
  readonly enabled: boolean
  readonly created: Date
  /** False as long as nobody has chosen a password: someone was invited and has not come yet. */
  readonly ready: boolean
}

export interface NewAccount {
  login: string
  /** Name for people; the login when absent. */
  name?: string
  /** Absent: nobody can log in until one is set. */
  password?: string
  roles?: readonly string[]
}

const COLUMNS = 'id, login, name, roles, enabled, created, password_hash is not null as ready'

/** @throws {DjetError} LOGIN_INVALID and NAME_INVALID 422, LOGIN_TAKEN 409, and those of `checkPassword` */
export async function createAccount(djet: Djet, account: NewAccount): Promise<Account> {
  const login = account.login.trim().toLowerCase()
  if (!/^[a-z0-9][a-z0-9._@+-]{0,99}$/.test(login)) {
    const problem = 'must be letters, digits and . _ @ + -, beginning with a letter or digit'
    throw new DjetError('LOGIN_INVALID', `the login ${problem}.`, { status: 422, fields: { login: problem } })
  }
  const { password } = account
  if (password !== undefined) await checkPassword(djet.config, { password, login })
  const name = account.name?.trim() || login
  if (name.length > 255 || !isStorable(name)) {
    const problem = 'must be one line of at most 255 characters'
    throw new DjetError('NAME_INVALID', `the name ${problem}.`, { status: 422, fields: { name: problem } })
  }
  const rows = await djet.query<Account>(
    `insert into djet.account (login, name, password_hash, roles) values ($1, $2, $3, $4)
     on conflict (login) do nothing returning ${COLUMNS}`,
    [login, name, password === undefined ? null : await hashPassword(password), account.roles ?? []],
  )
  if (rows[0]) return rows[0]
  throw new DjetError('LOGIN_TAKEN', `there is already a user '${login}'.`, {
    status: 409,
    fields: { login: 'is taken' },
  })
}

export async function findAccount(djet: Djet, login: string): Promise<Account | null> {
  if (!isStorable(login)) return null
  const rows = await djet.query<Account>(`select ${COLUMNS} from djet.account where login = $1`, [
    login.trim().toLowerCase(),
  ])
  return rows[0] ?? null
}

/** Changes a password and ends all sessions of the account. @throws {DjetError} LOGIN_UNKNOWN, 404 */
export async function setPassword(djet: Djet, login: string, password: string): Promise<void> {
  const known = login.trim().toLowerCase()
  await checkPassword(djet.config, { password, login: known })
  const hashed = await hashPassword(password)
  await djet.transaction(async (djet) => {
    const [row] = await djet.query<{ id: number }>(
      'update djet.account set password_hash = $2, modified = now() where login = $1 returning id',
      [known, hashed],
    )
    if (!row) throw new DjetError('LOGIN_UNKNOWN', `there is no user '${login}'.`, { status: 404 })
    await djet.query('delete from djet.session where account_id = $1', [row.id])
  })
}

/** The account when login and password fit, else null; takes as long for an unknown login as for a known one. */
export async function authenticate(djet: Djet, login: string, password: string): Promise<Account | null> {
  if (!isStorable(login)) return null
  const [row] = await djet.query<Account & { password_hash: string | null }>(
    `select ${COLUMNS}, password_hash from djet.account where login = $1`,
    [login.trim().toLowerCase().slice(0, 200)],
  )
  const fits = await fitsPassword(row?.password_hash ?? null, password)
  if (!row || !fits || !row.enabled) return null
  const { password_hash: _, ...account } = row
  return account
}
