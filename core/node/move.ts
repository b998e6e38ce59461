import { DjetError } from '../error.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { NodeRef, Place } from './nodes.ts'
import { checkPart } from './part.ts'
import { checkPlace } from './place.ts'
import { intoItself, save } from './save.ts'
import { STEP } from './step.ts'
import { basetypeOf, inTransaction, lock, lockTree, parentOf } from './within.ts'

export async function move(store: NodeStore, ref: NodeRef, place: Place): Promise<Node> {
  return inTransaction(store, async (store) => {
    await lockTree(store)
    const branch = await lock(store, ref, 'no key update')
    const node = branch[0]!
    if (node.parentId === null)
      throw new DjetError('NODE_IS_ROOT', 'the root cannot be moved.', { status: 422 })
    const target = place.parent === undefined ? branch.slice(1) : await parentOf(store, place.parent)
    const parent = target[0]!
    if (target.some((above) => above.id === node.id)) throw intoItself(node)
    store.options.rights?.require('edit', target)
    if (parent.id !== node.parentId) {
      checkPlace(basetypeOf(store, node.basetype), basetypeOf(store, parent.basetype))
    }
    const columns: Record<string, unknown> = { position: await positionAt(store, parent, node, place) }
    if (parent.id !== node.parentId) columns.parent_id = parent.id
    if (place.part !== undefined && place.part !== node.part) columns.part = checkPart(place.part)
    const placeOnly = Object.keys(columns).length === 1
    const moved = await save(store, node, parent, columns, { counted: !placeOnly })
    await store.audit('node.move', moved, placeOnly ? { reordered: true } : { from: node.path })
    return moved
  })
}

/** Where among its siblings: halfway between two, which are spread out again when there is no room left. */
async function positionAt(store: NodeStore, parent: Node, node: Node, place: Place): Promise<number> {
  const { connection } = store.options
  const anchorRef = place.before ?? place.after
  if (anchorRef === undefined) {
    const [row] = await connection.query<{ last: number | null }>(
      'select max(position) as last from djet.node where parent_id = $1 and id <> $2',
      [parent.id, node.id],
    )
    return (row?.last ?? 0) + STEP
  }
  const anchor = (await store.lookUp(anchorRef))[0]
  if (anchor?.parentId !== parent.id || anchor.id === node.id) {
    throw new DjetError('NODE_NO_SIBLING', `the node to stand beside is no other child of ${parent.path}.`, {
      status: 422,
    })
  }
  const before = place.before !== undefined
  const [row] = await connection.query<{ position: number }>(
    `select position from djet.node where parent_id = $1 and id <> $4 and (position, id) ${before ? '<' : '>'} ($2, $3)
     order by position ${before ? 'desc' : 'asc'}, id ${before ? 'desc' : 'asc'} limit 1`,
    [parent.id, anchor.position, anchor.id, node.id],
  )
  const other = row?.position ?? anchor.position + (before ? -2 * STEP : 2 * STEP)
  const middle = (anchor.position + other) / 2
  if (middle !== anchor.position && middle !== other) return middle
  await connection.query(
    `update djet.node set position = ordered.n * ${STEP} from (
       select id, row_number() over (order by position, id) as n from djet.node where parent_id = $1 and id <> $2
     ) as ordered where node.id = ordered.id`,
    [parent.id, node.id],
  )
  return positionAt(store, parent, node, place)
}
