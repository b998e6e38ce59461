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
      const granted = ruleFor(node.acl, role) ?? ruleFor(basetypes.get(node.basetype)?.acl, role)
      if (granted === undefined) continue
      if (granted.includes(permission) || granted.includes('*')) {
        return { allowed: true, role, path: node.path }
      }
      break
    }
  }
  return { allowed: false }
}

/** What rules say of a role, which may be called `constructor` like what every object has. */
function ruleFor(acl: Acl | null | undefined, role: string): readonly Permission[] | undefined {
  return acl && Object.hasOwn(acl, role) ? acl[role] : undefined
}

function speaksOfPublishing(branch: readonly Ruled[], basetypes: ReadonlyMap<string, Basetype>): boolean {
  return branch.some(({ acl, basetype }) =>
    [acl, basetypes.get(basetype)?.acl].some((rules) =>
      Object.values(rules ?? {}).some((permissions) => permissions.includes('publish')),
    ),
  )
}

/** What the rules say of one role. */
export interface RoleRule {
  readonly role: string
  readonly allowed: boolean
  /** Path of the node whose rules decide; absent: no rule along the branch mentions the role. */
  readonly path?: string
  /** Whether they are the node's own, or those that its basetype starts from. */
  readonly source?: 'node' | 'basetype'
}

/** A decision with all that led to it. */
export interface Explanation {
  readonly permission: Permission
  readonly allowed: boolean
  /** The permission whose rules decided: of what is hidden, and of `publish` where nobody speaks of it, `edit`. */
  readonly asked: Permission
  /**
   * `administrator`: the role may do everything. `rule`: one of `roles` grants it. `denied`: a rule mentions a role, and
   * none grants it. `silent`: no rule mentions any of the roles, which means denied. `hidden`: the rules would grant it,
   * but it is not published.
   */
  readonly because: 'administrator' | 'rule' | 'denied' | 'silent' | 'hidden'
  /** What the rules say of each role, in the order in which they are asked. */
  readonly roles: readonly RoleRule[]
}

/**
 * Says who may do what at a node, and why: the same decision as `decide`, with the node and role that grants or denies.
 *
 * @param branch the node first, its parents after it, the root last
 * @example explain(branch, app.basetypes, rolesOf(user), 'edit').roles.find(({ allowed }) => allowed)?.path
 */
export function explain(
  branch: readonly Ruled[],
  basetypes: ReadonlyMap<string, Basetype>,
  roles: readonly string[],
  permission: Permission,
): Explanation {
  const asEdit = permission === 'publish' && !speaksOfPublishing(branch, basetypes)
  const by = (asked: Permission): Explanation => {
    const rules = roles.map((role) => ruleOf(branch, basetypes, role, asked))
    const allowed = rules.some((rule) => rule.allowed)
    const because = allowed ? 'rule' : rules.some(({ path }) => path !== undefined) ? 'denied' : 'silent'
    return { permission, allowed, asked, because, roles: rules }
  }
  const explanation = by(asEdit ? 'edit' : permission)
  if (roles.includes(ADMIN)) return { ...explanation, allowed: true, because: 'administrator' }
  if (permission !== 'view' || !explanation.allowed || !isHidden(branch)) return explanation
  const asEditor = by('edit')
  if (roles.includes('user') && asEditor.allowed) return asEditor
  return { ...asEditor, allowed: false, because: 'hidden' }
}

/** The nearest rule along a branch that mentions a role. */
function ruleOf(
  branch: readonly Ruled[],
  basetypes: ReadonlyMap<string, Basetype>,
  role: string,
  permission: Permission,
): RoleRule {
  for (const { acl, basetype, path } of branch) {
    const own = ruleFor(acl, role)
    const source = own === undefined ? 'basetype' : 'node'
    const granted = own ?? ruleFor(basetypes.get(basetype)?.acl, role)
    if (granted === undefined) continue
    return { role, allowed: granted.includes(permission) || granted.includes('*'), path, source }
  }
  return { role, allowed: false }
}
