import {
  type Acl,
  ADMIN,
  type Branch,
  DjetError,
  type EngineContext,
  type EngineRouter,
  type Explanation,
  explain,
  findAccount,
  knownRoles,
  type Node,
  rolesOf,
} from '../../../core/index.ts'
import { knownPermissions } from '../model/roles.ts'
import { orForm, text } from './form.ts'

/** Who can do what at a node, and why; and the rules of the node itself. Both need `administer` there. */
export function accessRoutes(router: EngineRouter): void {
  router.get('/access', async (ctx) => {
    const { node: path = '/', login = '' } = ctx.payload.query
    const node = await ctx.djet.nodes.get(path.trim() || '/')
    if (node === null) {
      await ctx.djet.require('administer', ctx.node)
      ctx.payload.problem = `There is no page at ${path.slice(0, 200)}.`
      await show(ctx, await ctx.djet.nodes.require('/'), login.trim())
      return
    }
    await show(ctx, node, login.trim())
  })

  router.post('/access', async (ctx) => {
    const node = await ctx.djet.nodes.require(text(ctx, 'node'))
    await ctx.djet.require('administer', node)
    await orForm(ctx, {
      show: () => show(ctx, node, '', typedRules(ctx)),
      work: async () => {
        const acl = aclOf(ctx, node.acl ?? {})
        const version = text(ctx, 'version')
        await ctx.djet.nodes.update(node, { acl, ...(version === '' ? {} : { ifVersion: version }) })
        ctx.flash(
          acl === null
            ? `${node.name} has no rules of its own any more.`
            : `The rules of ${node.name} are set.`,
        )
        ctx.seeOther(`${ctx.below('/access')}?${new URLSearchParams({ node: node.path })}`)
      },
    })
  })
}

async function show(
  ctx: EngineContext,
  node: Node,
  login: string,
  typed?: readonly RuleRow[],
): Promise<void> {
  const { djet } = ctx
  await djet.require('administer', node)
  const branch = await djet.asSystem().nodes.branch(node)
  const { basetypes } = djet.app
  const roles = await knownRoles(djet, branch)
  const permissions = knownPermissions(djet, branch)
  // What the rules say; that something is hidden is said of it as a whole.
  const ruled = branch.map(({ acl, basetype, path }) => ({ acl, basetype, path }))
  const matrix = roles.map((role) => ({
    role,
    cells: permissions.map((permission) =>
      whyOf((asked) => explain(ruled, basetypes, asked, permission), role),
    ),
  }))
  await ctx.render('admin/access.eta', {
    target: node,
    permissions,
    rules: rulesOf(roles, node.acl ?? {}, typed),
    matrix,
    isHidden: branch.some(({ status }) => status !== 'published'),
    rulesAbove: rulesAbove(branch),
    login,
    person: login === '' ? null : await personOf(ctx, branch, login, permissions),
  })
}

/** What somebody with a role may do: by a rule for it, or by one for everybody or for all who are logged in. */
function whyOf(explainTo: (roles: readonly string[]) => Explanation, role: string): Explanation {
  const own = explainTo([role])
  if (own.allowed || role === 'everyone') return own
  const held = explainTo([...new Set(['everyone', 'user', role])])
  return held.allowed ? held : own
}

/** A line of the form of the rules. */
interface RuleRow {
  readonly role: string
  readonly isOwn: boolean
  readonly granted: readonly string[]
}

/** The lines of the form: those that were typed, or what is. A role without a line among them is written by hand. */
function rulesOf(roles: readonly string[], acl: Acl, typed: readonly RuleRow[] = []) {
  const known = [...new Set([...roles, ...Object.keys(acl)])]
  const asTyped = (name: string) => typed.find(({ role }) => role === name)
  const lines = known.map((role) => {
    const isOwn = Object.hasOwn(acl, role)
    return asTyped(role) ?? { role, isOwn, granted: isOwn ? (acl[role] ?? []) : [] }
  })
  const another = typed.find(({ role }) => !known.includes(role))
  return { known: lines, another: another ?? { role: '', isOwn: false, granted: [] } }
}

function typedRules({ form }: EngineContext): RuleRow[] {
  return Object.entries(form).flatMap(([key, value]) => {
    const [, n] = /^role-(\d+)$/.exec(key) ?? []
    if (n === undefined || typeof value !== 'string') return []
    const granted = [form[`permission-${n}`] ?? []].flat().filter((word) => typeof word === 'string')
    return [{ role: value.trim(), isOwn: form[`mode-${n}`] === 'own', granted }]
  })
}

/** Nodes above that have rules of their own, for links to them. */
function rulesAbove(branch: Branch): Node[] {
  return branch.slice(1).filter(({ acl }) => acl !== null)
}

/** What one user may do here; null when there is nobody of that login. */
async function personOf(
  { djet }: EngineContext,
  branch: Branch,
  login: string,
  permissions: readonly string[],
) {
  const account = await findAccount(djet, login.toLowerCase())
  if (account === null) return null
  const { id, name, roles, enabled } = account
  const all = rolesOf({ id, login, name, roles })
  const cells = permissions.map((permission) => explain(branch, djet.app.basetypes, all, permission))
  return { login: account.login, name, roles, enabled, cells }
}

/**
 * The rules a form says: a line for each role, with `inherit` or permissions of its own. Null: no rules.
 * @param before the rules that are: what is ticked of a role that goes back to inheriting was ticked by them
 * @throws {DjetError} ACL_INVALID, 422
 */
function aclOf(ctx: EngineContext, before: Acl): Acl | null {
  const rows = typedRules(ctx)
  if (rows.length === 0) throw invalid('the form names no role')
  const acl = new Map<string, string[]>()
  for (const { role, isOwn, granted } of rows) {
    if (!isOwn && (granted.length === 0 || Object.hasOwn(before, role))) continue
    if (role === '') throw invalid('a rule is for a role: write its name, or take the rule back')
    if (role === ADMIN) throw invalid('admin may do everything everywhere; no rule changes that')
    if (!/^[\p{L}\p{N}_.-]{1,60}$/u.test(role)) {
      throw invalid(`a role is a word of letters, digits, '-', '_' and '.', not '${role.slice(0, 60)}'`)
    }
    if (!isOwn)
      throw invalid(
        `what is ticked for ${role} counts only when it has a rule of its own: choose that, or untick it`,
      )
    const odd = granted.find((word) => !/^(\*|[a-z][\w.-]{0,59})$/.test(word))
    if (odd !== undefined) throw invalid(`'${odd.slice(0, 60)}' is no permission`)
    acl.set(role, [...granted])
  }
  return acl.size === 0 ? null : Object.fromEntries(acl)
}

function invalid(message: string): DjetError {
  return new DjetError('ACL_INVALID', `${message}.`, { status: 422 })
}
