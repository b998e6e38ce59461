import type { Basetype } from '../basetype.ts'
import type { Node } from './node.ts'
import { isHidden, type NodeStatus } from './status.ts'

/**
 * What may be done at a node. Core knows `view`, `edit` and `publish`; plugins use words of their own (`start`,
 * `cancel`). Where no rule along the branch speaks of `publish`, whoever may edit may publish.
 */
export type Permission = string

/**
 * Rules of one place in the tree: role -> permissions. Everybody has the role `everyone`, whoever is logged in
 * `user` as well. `*` stands for all permissions; an empty list denies a role what it has higher up.
 *
 * @example
 * { everyone: [], staff: ['view', 'edit'] }
 */
export type Acl = Readonly<Record<string, readonly Permission[]>>

/** Someone who is logged in. */
export interface User {
  readonly id: number
  readonly login: string
  readonly name: string
  readonly roles: readonly string[]
}

/** The role that may do everything everywhere. */
export const ADMIN = 'admin'

/** All roles a user (or, with null, a visitor) holds. */
export function rolesOf(user: User | null): readonly string[] {
  return user === null ? ['everyone'] : ['everyone', 'user', ...user.roles]
}

/** Which node and role decided, so that a page can say who may do what, and why. */
export interface Decision {
  readonly allowed: boolean
  readonly role?: string
  /** Path of the node whose rules granted it. */
  readonly path?: string
}

/** What rules are asked about. */
type Ruled = Pick<Node, 'acl' | 'basetype' | 'path'> & { readonly status?: NodeStatus }

/**
 * Decides along a branch. For each role the nearest node that mentions it is the one that counts; one role that
 * is granted is enough; nobody mentioned means denied. What is not published, or stands below what is not, is viewed
 * by users who may edit it.
 *
 * @param branch the node first, its parents after it, the root last
 */
export function decide(
  branch: readonly Ruled[],
  basetypes: ReadonlyMap<string, Basetype>,
  roles: readonly string[],
  permission: Permission,
): Decision {
  if (roles.includes(ADMIN)) return { allowed: true, role: ADMIN }
  if (permission === 'publish' && !speaksOfPublishing(branch, basetypes))
    return byRules(branch, basetypes, roles, 'edit')
  const decision = byRules(branch, basetypes, roles, permission)
  if (permission !== 'view' || !decision.allowed || !isHidden(branch)) return decision
  return roles.includes('user') ? byRules(branch, basetypes, roles, 'edit') : { allowed: false }
}

/** What the rules alone say, whoever is administrator and whatever is published. */
export function byRules(
  branch: readonly Ruled[],
  basetypes: ReadonlyMap<string, Basetype>,
  roles: readonly string[],
  permission: Permission,
): Decision {
  for (const role of roles) {
    for (const node of branch) {
      const granted = node.acl?.[role] ?? basetypes.get(node.basetype)?.acl?.[role]
      if (granted === undefined) continue
      if (granted.includes(permission) || granted.includes('*')) {
        return { allowed: true, role, path: node.path }
      }
      break
    }
  }
  return { allowed: false }
}

function speaksOfPublishing(branch: readonly Ruled[], basetypes: ReadonlyMap<string, Basetype>): boolean {
  return branch.some(({ acl, basetype }) =>
    [acl, basetypes.get(basetype)?.acl].some((rules) =>
      Object.values(rules ?? {}).some((permissions) => permissions.includes('publish')),
    ),
  )
}
