import type { Basetype } from '../basetype.ts'
import { DjetError } from '../error.ts'
import { type Acl, ADMIN, byRules, decide, type Permission, rolesOf, type User } from './access.ts'
import type { Branch } from './nodes.ts'
import { type Scope, scopeFor } from './scopes.ts'
import { isHidden } from './status.ts'

/** The access rules of a site. */
export class Rules {
  readonly basetypes: ReadonlyMap<string, Basetype>
  /** The basetypes' own rules as JSON, for SQL. */
  readonly acls: string
  readonly #visitor: Rights

  constructor(basetypes: ReadonlyMap<string, Basetype>) {
    this.basetypes = basetypes
    const acls: Record<string, Acl> = {}
    for (const basetype of basetypes.values()) if (basetype.acl) acls[basetype.name] = basetype.acl
    this.acls = JSON.stringify(acls)
    this.#visitor = new Rights(null, this)
  }

  /** @param scopes what the token is for by which the user comes; absent: he comes himself */
  for(user: User | null, scopes?: readonly Scope[]): Rights {
    return user === null ? this.#visitor : new Rights(user, this, scopes)
  }
}

/** The rules one user is held to. */
export class Rights {
  readonly user: User | null
  readonly roles: readonly string[]
  readonly #rules: Rules
  readonly #scopes: readonly Scope[] | undefined

  constructor(user: User | null, rules: Rules, scopes?: readonly Scope[]) {
    this.user = user
    this.roles = rolesOf(user)
    this.#rules = rules
    this.#scopes = scopes
  }

  /** Statements that differ by the filter of children have names that do. */
  get shape(): string {
    return `roles${this.roles.length}`
  }

  /** Whether this user may do something everywhere, whatever the rules: no list needs filtering then. */
  mayEverywhere(permission: Permission): boolean {
    return this.roles.includes(ADMIN) && this.#scopeMissing(permission) === undefined
  }

  may(permission: Permission, branch: Branch): boolean {
    const { basetypes } = this.#rules
    if (this.#scopeMissing(permission, branch) !== undefined) return false
    return decide(branch, basetypes, this.roles, permission).allowed
  }

  /** The scope that the user's token lacks. Every token reads. */
  #scopeMissing(permission: Permission, branch?: Branch): Scope | undefined {
    if (this.#scopes === undefined || permission === 'view') return undefined
    const isSensitive = this.#rules.basetypes.get(branch?.[0]?.basetype ?? '')?.sensitive === true
    const needed = [scopeFor(permission), ...(isSensitive ? ['administer' as const] : [])]
    return needed.find((scope) => !this.#scopes?.includes(scope))
  }

  /**
   * @throws {DjetError} ACCESS_DENIED: 401 for a visitor, 403 for a user; SCOPE_MISSING, 403, for what his token is not
   * for; NOT_FOUND, 404, for what is not published
   */
  require(permission: Permission, branch: Branch): void {
    if (this.may(permission, branch)) return
    if (isHidden(branch) && !this.may('view', branch)) {
      throw new DjetError('NOT_FOUND', `there is no page at ${branch[0]?.path}.`, { status: 404 })
    }
    const scope = this.#scopeMissing(permission, branch)
    if (scope !== undefined) throw scopeMissing(scope)
    throw new DjetError('ACCESS_DENIED', `you may not ${permission} ${branch[0]?.path ?? 'this'}.`, {
      status: this.user === null ? 401 : 403,
    })
  }

  /**
   * An SQL condition on `djet.node as n` that holds for the children of a parent this user may view, and its
   * values. A child's own rules go before its basetype's, these before what it inherits.
   *
   * @param first number of the first `$` parameter
   */
  childFilter(parent: Branch, first: number): { sql: string; values: unknown[] } {
    const values: unknown[] = [this.#rules.acls]
    const acls = `$${first}::jsonb`
    const granted = (permission: 'view' | 'edit'): string => {
      const roles = this.roles.map((name) => {
        values.push(name, byRules(parent, this.#rules.basetypes, [name], permission).allowed)
        const role = `$${first + values.length - 2}::text`
        const inherited = `$${first + values.length - 1}::boolean`
        return `coalesce(
          case when n.acl ? ${role} then (n.acl -> ${role}) ?| array['${permission}', '*'] end,
          case when ${acls} -> n.basetype ? ${role} then (${acls} -> n.basetype -> ${role}) ?| array['${permission}', '*'] end,
          ${inherited})`
      })
      return `(${roles.join(' or ')})`
    }
    const viewable = granted('view')
    if (this.user === null) return { sql: `n.status = 'published' and ${viewable}`, values }
    values.push(!isHidden(parent))
    const open = `$${first + values.length - 1}::boolean`
    return { sql: `${viewable} and (${open} and n.status = 'published' or ${granted('edit')})`, values }
  }
}

/** What a token is refused that lacks a scope. */
export function scopeMissing(scope: Scope): DjetError {
  const message = `this token is not for that: it needs the scope '${scope}'.`
  return new DjetError('SCOPE_MISSING', message, { status: 403, details: { scope } })
}
