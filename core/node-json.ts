import type { EngineContext } from './engine.ts'
import type { Node } from './node/node.ts'
import { encodePath } from './payload.ts'

/** A node as its page answers `Accept: application/json`; at the node itself with its children, paged. */
export async function nodeJson(ctx: EngineContext): Promise<Record<string, unknown>> {
  const { node, payload, restPath } = ctx
  const { version, status, modified } = node
  const forEditors = payload.can('edit') ? { version, status, modified } : {}
  const json = { ...summary(node), ...forEditors, data: dataOf(ctx) }
  if (restPath !== '/') return json
  const { items, next } = await payload.children
  return {
    ...json,
    children: {
      items: items.map(summary),
      next: next === null ? null : `${encodePath(node.path)}?${nextQuery(payload.query, next)}`,
    },
  }
}

/**
 * A page as its program gets it. Of nodes among its values, and of versions, nobody but an administrator gets rules and
 * protected values: whatever hands them to a template, as JSON they are no more than the API tells of them.
 */
export function pageJson({ djet, session }: EngineContext, page: Readonly<Record<string, unknown>>): string {
  const { basetypes, rules } = djet.app
  if (rules.for(session.user).mayEverywhere('administer')) return JSON.stringify(page)
  return JSON.stringify(page, (_, value: unknown) => {
    if (!isStored(value)) return value
    const { acl: _acl, data, ...rest } = value
    if (data === undefined) return rest
    const fields = basetypes.get(value.basetype)?.fields ?? {}
    const open = Object.entries(data).filter(([name]) => fields[name]?.type !== 'protected')
    return { ...rest, data: Object.fromEntries(open) }
  })
}

type Stored = Pick<Node, 'acl' | 'basetype'> & Partial<Pick<Node, 'data'>>

function isStored(value: unknown): value is Stored {
  return typeof value === 'object' && value !== null && 'acl' in value && 'basetype' in value
}

function summary({ id, path, basetype, name, title }: Node) {
  return { id, path, basetype, name, title }
}

/** Without values that only code may see, and without what its type no longer has. */
function dataOf({ node, payload }: EngineContext): Record<string, unknown> {
  const { fields } = payload.basetype
  if (payload.can('edit')) return node.data
  return Object.fromEntries(
    Object.entries(node.data).filter(
      ([name]) => fields[name] !== undefined && fields[name].type !== 'protected',
    ),
  )
}

function nextQuery(query: Readonly<Record<string, string>>, after: string): string {
  return new URLSearchParams({ ...query, after }).toString()
}
