import {
  type Account,
  ADMIN,
  createAccount,
  type Djet,
  DjetError,
  endSessions,
  messageOf,
  type Node,
  revokeTokens,
  setPassword,
} from '../../../core/index.ts'
import { user, users } from '../basetypes.ts'
import { forgetTokens } from './token.ts'

export interface NewUser {
  login: string
  /** See `checkPassword`; absent: nobody can log in until the user has chosen one. */
  password?: string
  name?: string
  email?: string
  /** `staff`, `admin` or roles of one's own. */
  roles?: readonly string[]
}

/** A user's account with his node. */
export interface UserAccount extends Account {
  readonly nodeId: number
  readonly email: string | null
}

const ROLE = /^[a-z][a-z0-9-]{0,49}$/

/** @throws {DjetError} ROLE_INVALID, 422 */
function checkRoles(roles: readonly string[]): string[] {
  const wrong = roles.find((role) => !ROLE.test(role) || role === 'everyone' || role === 'user')
  if (wrong === undefined) return [...new Set(roles)]
  const problem = `'${wrong}' is no role: lower-case letters, digits and '-', neither 'everyone' nor 'user'`
  throw new DjetError('ROLE_INVALID', `${problem}.`, { status: 422, fields: { roles: problem } })
}

/**
 * Who may edit users but is no administrator leaves administrators alone, and makes none.
 * @throws {DjetError} ADMIN_ONLY, 403
 */
function mayManage(djet: Djet, roles: readonly string[]): void {
  if (djet.user === null || djet.user.roles.includes(ADMIN) || !roles.includes(ADMIN)) return
  throw new DjetError('ADMIN_ONLY', 'only an administrator may do this to an administrator.', {
    status: 403,
    fields: { roles: 'only an administrator may give or take the role admin' },
  })
}

/** @throws {DjetError} LAST_ADMIN, 409, when the database says that no administrator would be left */
async function keepingAdmin<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if ((error as { code?: string }).code !== 'DJ003') throw error
    const problem = messageOf(error)
    throw new DjetError('LAST_ADMIN', `${problem}.`, {
      status: 409,
      fields: { roles: problem },
      cause: error,
    })
  }
}

/** The node of the users. @throws {DjetError} USERS_NODE_MISSING, 409 */
export async function usersNode(djet: Djet): Promise<number> {
  const [row] = await djet.query<{ id: number }>('select id from djet.node where basetype = $1 limit 1', [
    users.name,
  ])
  if (row) return row.id
  throw new DjetError('USERS_NODE_MISSING', 'this site has no node of basetype users. Run: djet seed', {
    status: 409,
  })
}

/**
 * Makes an account and its node, both or neither.
 * @throws {DjetError} LOGIN_INVALID, LOGIN_TAKEN, PASSWORD_*, ROLE_INVALID, ADMIN_ONLY
 * @example await addUser(djet, { login: 'nancy', password, roles: ['staff'] })
 */
export async function addUser(djet: Djet, params: NewUser): Promise<Node> {
  const roles = checkRoles(params.roles ?? [])
  mayManage(djet, roles)
  return djet.transaction(async (djet) => {
    const place = await usersNode(djet)
    await djet.require('edit', place)
    const account = await createAccount(djet, { ...params, roles })
    const node = await djet.asSystem().nodes.insert(place, {
      basetype: user,
      part: account.login,
      name: account.name,
      data: { login: account.login, email: params.email ?? null },
    })
    await djet.query('insert into users.profile (node_id, account_id) values ($1, $2)', [node.id, account.id])
    await djet.audit({
      action: 'users.add',
      subject: account.login,
      nodeId: node.id,
      data: { roles, invited: params.password === undefined },
    })
    return node as unknown as Node
  })
}

const ACCOUNT = `
  select a.id, a.login, a.name, a.roles, a.enabled, a.created, a.password_hash is not null as ready,
    n.id as "nodeId", n.data ->> 'email' as email
  from djet.account a join users.profile p on p.account_id = a.id join djet.node n on n.id = p.node_id`

/** The account of a user's node. @throws {DjetError} USER_UNKNOWN, 404 */
export async function accountOf(djet: Djet, { nodeId }: { nodeId: number }): Promise<UserAccount> {
  const [account] = await djet.query<UserAccount>(`${ACCOUNT} where p.node_id = $1`, [nodeId])
  if (account) return account
  throw new DjetError('USER_UNKNOWN', 'this user has no account.', { status: 404 })
}

/** The node of an account. @throws {DjetError} USER_UNKNOWN, 404 */
export async function nodeOfAccount(djet: Djet, accountId: number): Promise<number> {
  const [row] = await djet.query<{ id: number }>(
    'select node_id as id from users.profile where account_id = $1',
    [accountId],
  )
  if (row) return row.id
  throw new DjetError('USER_UNKNOWN', 'this account has no page of its own.', { status: 404 })
}

/** Accounts that a login or an e-mail address names: several people may share an address; five at most. */
export function accountsFor(djet: Djet, loginOrEmail: string): Promise<UserAccount[]> {
  const text = loginOrEmail.trim().toLowerCase().slice(0, 254)
  return djet.query<UserAccount>(
    `${ACCOUNT} where a.enabled and (a.login = $1 or a.id in (
       select p.account_id from djet.node n join users.profile p on p.node_id = n.id
       where n.basetype = 'user' and lower(n.data ->> 'email') = $1))
     order by a.login limit 5`,
    [text],
  )
}

/**
 * Gives a user a new password; his sessions end, and links that were mailed to him are worth nothing.
 * @throws {DjetError} LOGIN_UNKNOWN 404, PASSWORD_* 422, ADMIN_ONLY 403
 */
export async function changePassword(djet: Djet, params: { login: string; password: string }): Promise<void> {
  await djet.transaction(async (djet) => {
    const account = await lockAccount(djet, params.login)
    if (account.id !== djet.user?.id) mayManage(djet, account.roles)
    await setPassword(djet, account.login, params.password)
    await forgetTokens(djet, account.id)
    await djet.audit({ action: 'users.password', subject: account.login })
  })
}

/** Gives a user other roles; they hold from his next request on. @throws {DjetError} ROLE_INVALID, LAST_ADMIN, ADMIN_ONLY */
export async function changeRoles(
  djet: Djet,
  params: { login: string; roles: readonly string[] },
): Promise<void> {
  const roles = checkRoles(params.roles)
  await djet.transaction(async (djet) => {
    const account = await lockAccount(djet, params.login)
    mayManage(djet, [...roles, ...account.roles])
    await keepingAdmin(
      djet.query('update djet.account set roles = $2, modified = now() where id = $1', [account.id, roles]),
    )
    await djet.audit({
      action: 'users.roles',
      subject: account.login,
      data: { before: account.roles, after: roles },
    })
  })
}

/**
 * Lets a user in no longer, or again. His sessions end at once.
 * @throws {DjetError} LOGIN_UNKNOWN 404, LAST_ADMIN 409, ADMIN_ONLY 403
 */
export async function setEnabled(djet: Djet, params: { login: string; enabled: boolean }): Promise<void> {
  await djet.transaction(async (djet) => {
    const account = await lockAccount(djet, params.login)
    mayManage(djet, account.roles)
    await keepingAdmin(
      djet.query('update djet.account set enabled = $2, modified = now() where id = $1', [
        account.id,
        params.enabled,
      ]),
    )
    if (!params.enabled) {
      await endSessions(djet, { accountId: account.id })
      await forgetTokens(djet, account.id)
      await revokeTokens(djet, { accountId: account.id })
    }
    await djet.audit({ action: params.enabled ? 'users.enable' : 'users.disable', subject: account.login })
  })
}

/** @throws {DjetError} ADMIN_ONLY 403, unless the scope's user may change this account */
export function requireMayManage(djet: Djet, account: Pick<Account, 'roles'>): void {
  mayManage(djet, account.roles)
}

async function lockAccount(
  djet: Djet,
  login: string,
): Promise<{ id: number; login: string; roles: string[] }> {
  const [account] = await djet.query<{ id: number; login: string; roles: string[] }>(
    'select id, login, roles from djet.account where login = $1 for no key update',
    [login.trim().toLowerCase()],
  )
  if (account) return account
  throw new DjetError('LOGIN_UNKNOWN', `there is no user '${login}'.`, { status: 404 })
}
