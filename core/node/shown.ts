import type { Basetype } from '../basetype.ts'
import type { NodeStore } from './node-store.ts'
import type { Branch, NodeChange } from './nodes.ts'

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
