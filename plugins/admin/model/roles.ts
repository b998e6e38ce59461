import { type Acl, ADMIN, type Branch, type Djet } from '../../../core/index.ts'

/** Permissions that core and the bundled plugins ask for. */
const KNOWN = ['view', 'edit', 'publish', 'administer', 'start', 'cancel']
/** Latest accounts that are looked at for roles; a site has few roles, and they are not noted anywhere else. */
const ACCOUNTS = 10_000

/** Roles that rules or accounts speak of, `admin` aside, which may do everything. */
export async function knownRoles(djet: Djet, branch: Branch): Promise<string[]> {
  const rows = await djet.query<{ role: string }>(
    `select distinct unnest(roles) as role from (select roles from djet.account order by id desc limit ${ACCOUNTS}) as a`,
  )
  const named = [...aclsOf(djet, branch).flatMap((acl) => Object.keys(acl)), ...rows.map(({ role }) => role)]
  const first = ['everyone', 'user']
  const others = [...new Set(named)].filter((role) => role !== ADMIN && !first.includes(role))
  return [...first, ...others.sort()]
}

/** Permissions that rules speak of, and those everybody knows; `*`, all of them, last. */
export function knownPermissions(djet: Djet, branch: Branch): string[] {
  const named = aclsOf(djet, branch).flatMap((acl) => Object.values(acl).flat())
  return [...new Set([...KNOWN, ...named])].filter((permission) => permission !== '*')
}

function aclsOf(djet: Djet, branch: Branch): Acl[] {
  const all = [...branch.map(({ acl }) => acl), ...[...djet.app.basetypes.values()].map(({ acl }) => acl)]
  return all.filter((acl) => acl !== null && acl !== undefined)
}
