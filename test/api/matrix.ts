import type { Permission, Scope } from '../../core/index.ts'
import type { ApiSite } from './api-site.ts'

/** Who tries. `editor` and `publisher` are staff as well. */
export const ROLES = ['guest', 'reader', 'editor', 'publisher', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Where: a page that everybody sees and two roles edit, and one that only administrators know. */
export const PLACES = ['open', 'closed'] as const
export type Place = (typeof PLACES)[number]

/** What each may do at the open place; at the closed one only administrators do anything. */
const MAY: Readonly<Record<Permission, readonly Role[]>> = {
  view: ROLES,
  edit: ['editor', 'publisher', 'admin'],
  publish: ['publisher', 'admin'],
  administer: ['admin'],
}

const SCOPE: Readonly<Record<Permission, Scope>> = {
  view: 'read',
  edit: 'write',
  publish: 'publish',
  administer: 'administer',
}

/** What an action is tried on. */
export interface Target {
  readonly id: number
  readonly path: string
  readonly parent: number
  readonly parentPath: string
  /** Number or name of what else it needs: a version, a redirect, a task. */
  readonly other: number | string
}

/** A request of the action. */
export interface Trial {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

/** One action and who may do it. */
export interface Action {
  /** Permissions that are needed at the target; or the roles, wherever the target is. */
  readonly needs: Permission | readonly Permission[] | { readonly roles: readonly Role[] }
  /** Scopes that a token needs; those of `needs` when absent. */
  readonly scopes?: readonly Scope[]
  /** Makes what else it needs; its number or name. */
  readonly prepare?: (it: ApiSite, target: Omit<Target, 'other'>) => Promise<number | string>
  readonly trial: (target: Target) => Trial
}

function permissionsOf({ needs }: Action): readonly Permission[] | undefined {
  return typeof needs === 'object' && 'roles' in needs ? undefined : [needs].flat()
}

/** Whether a role may do it at a place. */
export function mayDo(action: Action, role: Role, place: Place): boolean {
  const permissions = permissionsOf(action)
  if (permissions === undefined) return (action.needs as { roles: readonly Role[] }).roles.includes(role)
  return place === 'open' ? permissions.every((one) => MAY[one]!.includes(role)) : role === 'admin'
}

/** What a token must be for. */
export function scopesOf(action: Action): readonly Scope[] {
  return action.scopes ?? permissionsOf(action)?.map((one) => SCOPE[one]!) ?? []
}

/** Numbers for names that nobody has. */
const numbers = (function* () {
  for (let n = 1; ; n++) yield n
})()

/** Makes a page to try an action on, with a version before and a sibling before it. */
export async function makeTarget(it: ApiSite, place: Place, { prepare }: Action): Promise<Target> {
  const { nodes } = it.site.djet
  const n = numbers.next().value
  const parent = await nodes.require(`/${place}`)
  const before = await nodes.insert(parent, { basetype: 'page', name: `Before ${n}` })
  const made = await nodes.insert(parent, { basetype: 'page', name: `Page ${n}` })
  const { id, path } = await nodes.update(made, { title: 'Second' })
  const target = { id, path, parent: parent.id, parentPath: parent.path }
  return { ...target, other: (await prepare?.(it, target)) ?? before.id }
}

const FINGERPRINT = `select md5(string_agg(row, '|' order by row)) as fingerprint from (
  select n::text as row from djet.node n union all
  select v::text from djet.node_version v union all
  select t::text from djet.trash t union all
  select r::text from djet.redirect r union all
  select b::text from djet.basetype b union all
  select f.id::text || f.kept from djet.file f where kept union all
  select concat(a.id, a.roles, a.enabled, a.password_hash) from djet.account a union all
  select t.id || t.name from djet.api_token t union all
  select 'session ' || s.id from djet.session s where s.account_id is not null union all
  select t.task_id || ' ' || t.status from jobmachine.task t join jobmachine.class c using (class_id)
    where c.name <> 'admin.publish-due' union all
  select s::text from jobmachine.schedule s union all
  select i::text from sales_order.invoice i union all
  select u::text from users.second_factor u
) as all_rows (row)`

/** All that actions change, as one text; without what the site does by itself about times that were set. */
export async function fingerprint({ site }: ApiSite): Promise<string> {
  const [row] = await site.djet.query<{ fingerprint: string }>(FINGERPRINT)
  return row!.fingerprint
}
