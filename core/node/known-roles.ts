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

/** Nodes with rules of their own that are looked at. */
const RULED = 10_000

/**
 * Roles that rules of nodes and of types speak of, and plugins ask for, `admin` among them: any other one lets nobody do
 * more. Everybody's `everyone` and `user` are left out. Whoever asks: they are all of the site.
 */
export async function ruledRoles(djet: Djet): Promise<string[]> {
  const rows = await djet.query<{ role: string }>(
    `select distinct role from (
       select acl from djet.node where acl is not null and trash_id is null limit ${RULED}) as ruled,
       jsonb_object_keys(ruled.acl) as role`,
  )
  const named = [
    ADMIN,
    ...rows.map(({ role }) => role),
    ...[...djet.app.basetypes.values()].flatMap(({ acl }) => Object.keys(acl ?? {})),
    ...djet.app.plugins.flatMap(({ roles }) => roles?.(djet.app) ?? []),
  ]
  return [...new Set(named)].filter((role) => role !== 'everyone' && role !== 'user').sort()
}
