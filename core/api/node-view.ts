import type { Node, Page } from '../node/node.ts'
import type { Branch } from '../node/nodes.ts'
import type { Djet } from '../scope.ts'
import type { ApiAnswer } from './operation.ts'

/** A node as the API answers it: what its reader may know of it. */
export function nodeView(djet: Djet, branch: Branch): Record<string, unknown> {
  const node = branch[0]!
  // What a token is for limits what is done, not what is seen.
  const rights = djet.app.rules.for(djet.user)
  const { id, parentId, path, part, basetype, name, title } = node
  const isEditor = rights.may('edit', branch)
  return {
    id,
    parentId,
    path,
    part,
    basetype,
    name,
    title,
    data: isEditor ? node.data : open(djet, node),
    ...(isEditor ? factsOf(node) : {}),
    ...(rights.may('administer', branch) ? { acl: node.acl } : {}),
  }
}

function factsOf({ status, version, position, created, createdBy, modified, modifiedBy }: Node) {
  return { status, version, position, created, createdBy, modified, modifiedBy }
}

/** Without what only code and editors see. */
function open(djet: Djet, { basetype, data }: Node): Record<string, unknown> {
  const fields = djet.app.basetypes.get(basetype)?.fields ?? {}
  return Object.fromEntries(Object.entries(data).filter(([name]) => fields[name]?.type !== 'protected'))
}

/** The answer that is a node, with the version its ETag begins with. */
export async function nodeAnswer(
  djet: Djet,
  node: Pick<Node, 'id'>,
  more: ApiAnswer = {},
): Promise<ApiAnswer> {
  const branch = await djet.nodes.branch(node)
  return { ...more, body: nodeView(djet, branch), version: branch[0]!.version }
}

/** A page of a list, with the address of the next one. `page.next` is the value of the query's `name`. */
export function pageAnswer<T>(
  { url }: { url: string },
  { items, next }: Page<T>,
  view: (item: T) => unknown = (item) => item,
  name = 'after',
): ApiAnswer {
  if (next === null) return { body: { items: items.map(view), next } }
  const [path = '', query = ''] = url.split('?', 2)
  const params = new URLSearchParams(query)
  params.set(name, next)
  return { body: { items: items.map(view), next: `${path}?${params}` } }
}
