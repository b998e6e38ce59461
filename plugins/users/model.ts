import {
  type Account,
  createAccount,
  type Djet,
  DjetError,
  type Node,
  setPassword,
} from '../../core/index.ts'
import { user, users } from './basetypes.ts'

export interface NewUser {
  login: string
  /** At least 8 characters. */
  password: string
  name?: string
  email?: string
  /** `staff`, `admin` or roles of one's own. */
  roles?: readonly string[]
}

const ROLE = /^[a-z][a-z0-9-]{0,49}$/

/** @throws {DjetError} ROLE_INVALID, 422 */
function checkRoles(roles: readonly string[]): string[] {
  const wrong = roles.find((role) => !ROLE.test(role) || role === 'everyone' || role === 'user')
  if (wrong === undefined) return [...new Set(roles)]
  const problem = `'${wrong}' is no role: lower-case letters, digits and '-', neither 'everyone' nor 'user'`
  throw new DjetError('ROLE_INVALID', `${problem}.`, { status: 422, fields: { roles: problem } })
}

async function container(djet: Djet): Promise<number> {
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
 * @throws {DjetError} LOGIN_INVALID, LOGIN_TAKEN, PASSWORD_TOO_SHORT, ROLE_INVALID
 * @example await addUser(djet, { login: 'nancy', password, roles: ['staff'] })
 */
export async function addUser(djet: Djet, params: NewUser): Promise<Node> {
  const roles = checkRoles(params.roles ?? [])
  return djet.transaction(async (djet) => {
    const account = await createAccount(djet, { ...params, roles })
    const node = await djet.nodes.insert(await container(djet), {
      basetype: user,
      part: account.login,
      name: account.name,
      data: { login: account.login, email: params.email ?? null },
    })
    await djet.query('insert into users.profile (node_id, account_id) values ($1, $2)', [node.id, account.id])
    return node as unknown as Node
  })
}

/** The account of a user's node. @throws {DjetError} USER_UNKNOWN, 404 */
export async function accountOf(djet: Djet, params: { nodeId: number }): Promise<Account> {
  const [account] = await djet.query<Account>(
    `select a.id, a.login, a.name, a.roles, a.enabled, a.created from djet.account a
     join users.profile p on p.account_id = a.id where p.node_id = $1`,
    [params.nodeId],
  )
  if (account) return account
  throw new DjetError('USER_UNKNOWN', 'this user has no account.', { status: 404 })
}

/** Gives a user a new password and ends his sessions. */
export async function changePassword(djet: Djet, params: { login: string; password: string }): Promise<void> {
  await setPassword(djet, params.login, params.password)
}

/** Gives a user other roles; they hold from his next request on. @throws {DjetError} ROLE_INVALID */
export async function changeRoles(
  djet: Djet,
  params: { login: string; roles: readonly string[] },
): Promise<void> {
  const roles = checkRoles(params.roles)
  await djet.transaction(async (djet) => {
    const admins = await djet.query<{ login: string }>(
      "select login from djet.account where 'admin' = any(roles) and enabled for update",
    )
    if (!roles.includes('admin') && admins.length === 1 && admins[0]!.login === params.login) {
      const problem = `${params.login} is the last administrator`
      throw new DjetError('LAST_ADMIN', `${problem}.`, { status: 409, fields: { roles: problem } })
    }
    await djet.query('update djet.account set roles = $2, modified = now() where login = $1', [
      params.login,
      roles,
    ])
  })
}
