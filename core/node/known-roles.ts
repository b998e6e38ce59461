import type { Djet } from '../scope.ts'
import { type Acl, ADMIN } from './access.ts'
import type { Branch } from './nodes.ts'

/** Latest accounts that are looked at for roles; a site has few roles, and they are not noted anywhere else. */
const ACCOUNTS = 10_000

/**
 * Roles that rules or accounts speak of, `admin` aside, which may do everything. Who is not an administrator learns of
 * those that the rules along a branch and the types name, and of his own.
 */
export async function knownRoles(djet: Djet, branch: Branch): Promise<string[]> {
  const isAdmin = djet.system || djet.user?.roles.includes(ADMIN)
  const rows = isAdmin
    ? await djet.query<{ role: string }>(
        `select distinct unnest(roles) as role from (select roles from djet.account order by id desc limit ${ACCOUNTS}) as a`,
      )
    : []
  const acls = [...branch, ...djet.app.basetypes.values()].flatMap(({ acl }) => (acl ? [acl as Acl] : []))
  const named = [
    ...acls.flatMap((acl) => Object.keys(acl)),
    ...rows.map(({ role }) => role),
    ...(djet.user?.roles ?? []),
  ]
  const first = ['everyone', 'user']
  const others = [...new Set(named)].filter((role) => role !== ADMIN && !first.includes(role))
  return [...first, ...others.sort()]
}
