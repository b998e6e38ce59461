import type { Basetype } from '../basetype.ts'
import { DjetError } from '../error.ts'

/** Whether a basetype may stand under another: what both say of it. */
export function fits(basetype: Basetype, parent: Basetype): boolean {
  return (
    (basetype.parents === undefined || basetype.parents.includes(parent.name)) &&
    (parent.children === undefined || parent.children.includes(basetype.name))
  )
}

/** @throws {DjetError} NODE_PARENT_REFUSED, NODE_CHILD_REFUSED, 422 */
export function checkPlace(basetype: Basetype, parent: Basetype | undefined): void {
  if (parent === undefined || fits(basetype, parent)) return
  if (basetype.parents && !basetype.parents.includes(parent.name)) {
    const where =
      basetype.parents.length > 0 ? `Allowed: ${basetype.parents.join(', ')}.` : 'It may only be the root.'
    throw new DjetError(
      'NODE_PARENT_REFUSED',
      `${basetype.title} (${basetype.name}) may not stand under ${parent.title} (${parent.name}). ${where}`,
      { status: 422 },
    )
  }
  const allowed = parent.children ?? []
  const what = allowed.length > 0 ? `Allowed: ${allowed.join(', ')}.` : 'It has no children.'
  throw new DjetError(
    'NODE_CHILD_REFUSED',
    `${parent.title} (${parent.name}) may not have a child of type ${basetype.title} (${basetype.name}). ${what}`,
    { status: 422 },
  )
}
