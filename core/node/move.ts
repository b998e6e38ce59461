import { DjetError } from '../error.ts'
import { editable } from './history.ts'
import { countBelow, writeSubtree } from './large.ts'
import { requireVersion } from './lost-update.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { Branch, NodeRef, Place } from './nodes.ts'
import { checkPart } from './part.ts'
import { checkPlace } from './place.ts'
import { intoItself, save, taken } from './save.ts'
import { requireIfShown } from './shown.ts'
import { STEP } from './step.ts'
import { basetypeOf, inTransaction, lock, lockTree, parentOf } from './within.ts'

/** What a move would do. */
export interface MoveReport {
  readonly from: string
  readonly to: string
  /** Nodes that get a new address: the node and all below it; 0 when only the order changes. */
  readonly nodes: number
  /** Redirects that are made: one, whatever the number of nodes. */
  readonly redirects: number
  /** Why it is not possible, or null. */
  readonly problem: { readonly code: string; readonly message: string } | null
}

export async function move(store: NodeStore, ref: NodeRef, place: Place): Promise<Node> {
  return inTransaction(store, async (store) => {
    await lockTree(store)
    const branch = await lock(store, ref, 'no key update')
    const node = branch[0]!
    await requireVersion(store, node, place)
    const { parent, part } = await plan(store, branch, place)
    const columns: Record<string, unknown> = { position: await positionAt(store, parent, node, place) }
    if (parent.id !== node.parentId) columns.parent_id = parent.id
    if (part !== node.part) columns.part = part
    const placeOnly = Object.keys(columns).length === 1
    const below = placeOnly ? 0 : await countBelow(store, node.path)
    const moved = await writeSubtree(store, below, () =>
      save(store, node, parent, columns, { counted: !placeOnly }),
    )
    await store.audit('node.move', moved, placeOnly ? { reordered: true } : { from: node.path })
    return moved
  })
}

/** Whether a node may go to a place, and its parent and part there. @throws {DjetError} why it may not */
async function plan(store: NodeStore, branch: Branch, place: Place): Promise<{ parent: Node; part: string }> {
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
  const part = place.part === undefined || place.part === node.part ? node.part : checkPart(place.part)
  if (parent.id !== node.parentId || part !== node.part) {
    requireIfShown(store, branch)
    if (parent.id !== node.parentId)
      requireIfShown(store, [{ ...node, path: pathAt(parent, part) }, ...target])
  }
  return { parent, part }
}

function pathAt(parent: Pick<Node, 'path'>, part: string): string {
  return parent.path === '/' ? `/${part}` : `${parent.path}/${part}`
}

/** Says what a move would do without doing it. @throws {DjetError} NODE_NOT_FOUND, ACCESS_DENIED at the node itself */
export async function moveReport(store: NodeStore, ref: NodeRef, place: Place): Promise<MoveReport> {
  const node = await editable(store, ref)
  const branch = await store.lookUp(node)
  const report = { from: node.path, to: node.path, nodes: 0, redirects: 0, problem: null }
  try {
    const { parent, part } = await plan(store, branch, place)
    const to = pathAt(parent, part)
    const { connection } = store.options
    if (to === node.path) return report
    const [row] = await connection.query<{ n: number; taken: boolean }>(
      `select (select count(*) from djet.node where path = $1 or (path > $1 || '/' and path < $1 || '0')) as n,
         exists (select from djet.node where path = $2) as taken`,
      [node.path, to],
    )
    const moved = { ...report, to, nodes: row?.n ?? 0, redirects: node.status === 'draft' ? 0 : 1 }
    if (!row?.taken) return moved
    const { code, message } = taken(part, parent)
    return { ...moved, problem: { code, message } }
  } catch (error) {
    if (!(error instanceof DjetError)) throw error
    return { ...report, problem: { code: error.code, message: error.message } }
  }
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
