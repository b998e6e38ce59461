import type { Basetype } from '../basetype.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { Branch, NewNode, NodeChange } from './nodes.ts'

/**
 * The one rule about what visitors see: of a published node whatever shows at once (its texts, what forms change of its
 * data, its address, that it is there) is changed by those who may `publish` it. Fields that only code sets, its rules and
 * its place among its siblings are not of that kind.
 *
 * @param branch the node first
 * @throws {DjetError} ACCESS_DENIED, SCOPE_MISSING, 403
 */
export function requireIfShown({ options }: NodeStore, branch: Branch): void {
  if (branch[0]!.status === 'published') options.rights?.require('publish', branch)
}

/**
 * The same rule for a node that is about to be: whoever may not publish it makes a draft. Code without a user publishes.
 *
 * @param asked what is asked for; absent: published, as far as the user may
 * @param above its parent first
 * @throws {DjetError} ACCESS_DENIED, SCOPE_MISSING, 403, when it is asked to be published by who may not
 */
export function statusOfNew(
  { options: { rights } }: NodeStore,
  asked: NewNode['status'],
  node: Pick<Node, 'part' | 'basetype' | 'acl'>,
  above: Branch,
): 'published' | 'draft' {
  if (rights === undefined || asked === 'draft') return asked ?? 'published'
  const path = `${above[0]?.path === '/' ? '' : (above[0]?.path ?? '')}/${node.part}`
  const branch = [{ ...node, path, status: 'published' }, ...above] as unknown as Branch
  if (asked === 'published') rights.require('publish', branch)
  return rights.may('publish', branch) ? 'published' : 'draft'
}

/** Whether a change is about what people write and visitors see. */
export function changesShown(
  basetype: Basetype,
  { name, title, data = {} }: Pick<NodeChange, 'name' | 'title' | 'data'>,
): boolean {
  if (name || title) return true
  return Object.keys(data).some((key) => {
    const field = basetype.fields[key]
    return field === undefined || (field.type !== 'protected' && field.updatable)
  })
}
