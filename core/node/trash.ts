import { DjetError } from '../error.ts'
import type { Acl } from './access.ts'
import { checkLimit, fromCursor, toCursor } from './cursor.ts'
import { writeSubtree } from './large.ts'
import { requireVersion } from './lost-update.ts'
import { checkMax } from './max.ts'
import type { Node, Page } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { Branch, DeleteOptions, NodeRef } from './nodes.ts'
import { checkPart } from './part.ts'
import { checkPlace } from './place.ts'
import { redirectFrom } from './redirect.ts'
import { purgeAt, refuseFixed } from './remove.ts'
import { NODE_COLUMNS, type NodeRow, nodeOf } from './row.ts'
import { taken } from './save.ts'
import { requireIfShown } from './shown.ts'
import { STEP } from './step.ts'
import { told } from './told.ts'
import { untrashableBelow } from './trash-obstacles.ts'
import { basetypeOf, inTransaction, lock, lockTree, parentOf } from './within.ts'

/** A subtree in the trash. */
export interface TrashItem {
  readonly id: number
  readonly nodeId: number
  /** Where it stood. */
  readonly path: string
  readonly parentId: number
  readonly part: string
  readonly basetype: string
  readonly name: string
  readonly title: string
  /** How many nodes it has. */
  readonly nodes: number
  readonly trashed: Date
  /** Login of who trashed it; null: the system. */
  readonly trashedBy: string | null
}

export interface TrashListOptions {
  after?: string | undefined
  /** 1 to 1000; 50 when absent. */
  limit?: number | undefined
}

/** Where a subtree goes back to; where it stood when absent. */
export interface TrashPlace {
  parent?: NodeRef
  part?: string
}

interface TrashRow extends TrashItem {
  readonly acl: Acl | null
}

const COLUMNS = `id, node_id as "nodeId", path, parent_id as "parentId", part, basetype, name, title, nodes, trashed,
  trashed_by as "trashedBy", acl`

/** Items that are looked at for one page of a list, of which its reader may see only some. */
const MOST_LOOKED_AT = 2000

export async function trash(store: NodeStore, ref: NodeRef, options: DeleteOptions = {}): Promise<TrashItem> {
  return inTransaction(store, async (store) => {
    await lockTree(store)
    const branch = await lock(store, ref, 'no key update')
    const node = branch[0]!
    const { connection, rights, by } = store.options
    await requireVersion(store, node, options)
    if (node.parentId === null)
      throw new DjetError('NODE_IS_ROOT', 'the root cannot be deleted.', { status: 422 })
    requireIfShown(store, branch)
    if (rights) await refuseFixed(store, node)
    await refuseUntrashable(store, node)
    const [row] = await connection.query<TrashRow>(
      `insert into djet.trash (node_id, parent_id, part, path, basetype, name, title, acl, nodes, trashed_by)
       select id, parent_id, part, path, basetype, name, title, acl,
         1 + (select count(*) from djet.node where path > $2 || '/' and path < $2 || '0'), $3
       from djet.node where id = $1 returning ${COLUMNS}`,
      [node.id, node.path, by],
    )
    const item = row!
    const below = writeSubtree(store, item.nodes, () =>
      connection.query(
        `update djet.node set path = $2 || substr(path, length($1) + 1), basetype = '~' || basetype, trash_id = $3
         where path > $1 || '/' and path < $1 || '0'`,
        [node.path, pathOf(item), item.id],
      ),
    )
    await told(below, null)
    const top = connection.query(
      `update djet.node set path = $2, basetype = '~' || basetype, trash_id = $3, parent_id = null where id = $1`,
      [node.id, pathOf(item), item.id],
    )
    await told(top, null)
    await store.audit('node.trash', node, { trash: item.id, nodes: item.nodes })
    return itemOf(item)
  })
}

function pathOf({ id }: Pick<TrashItem, 'id'>): string {
  return `trash:${id}`
}

function itemOf({ acl: _, ...item }: TrashRow): TrashItem {
  return item
}

/** @throws {DjetError} NODE_NOT_TRASHABLE, 409 */
async function refuseUntrashable(store: NodeStore, node: Node): Promise<void> {
  const message = await untrashableBelow(store.options.connection, store.options.basetypes, node)
  if (message === undefined) return
  throw new DjetError('NODE_NOT_TRASHABLE', message, { status: 409 })
}

/** Whether the user could edit it where it stood; of what has no such place any more: he who trashed it. */
async function mayUse(store: NodeStore, item: TrashRow): Promise<boolean> {
  const { rights, by } = store.options
  if (rights === undefined || rights.mayEverywhere('edit')) return true
  const above = await store.lookUp(item.parentId)
  if (above.length === 0) return by !== null && item.trashedBy === by
  const branch = [{ ...item, status: 'published' }, ...above] as unknown as Branch
  return rights.may('edit', branch)
}

/** @throws {DjetError} TRASH_NOT_FOUND, 404 */
async function lockItem(store: NodeStore, id: number): Promise<TrashRow> {
  const isId = Number.isInteger(id) && id > 0 && id <= 2_147_483_647
  const [item] = isId
    ? await store.options.connection.query<TrashRow>(
        `select ${COLUMNS} from djet.trash where id = $1 for update`,
        [id],
      )
    : []
  if (item && (await mayUse(store, item))) return item
  throw new DjetError('TRASH_NOT_FOUND', 'this is no longer in the trash.', { status: 404 })
}

export async function restoreTrash(store: NodeStore, id: number, to: TrashPlace = {}): Promise<Node> {
  return inTransaction(store, async (store) => {
    await lockTree(store)
    const item = await lockItem(store, id)
    const above = await placeFor(store, item, to)
    const parent = above[0]!
    checkPlace(basetypeOf(store, item.basetype), basetypeOf(store, parent.basetype))
    await checkMaxOf(store, item)
    const part = to.part === undefined ? item.part : checkPart(to.part)
    const { connection } = store.options
    const top = connection.query<NodeRow>(
      `update djet.node set trash_id = null, basetype = substr(basetype, 2), parent_id = $2, part = $3,
         position = case when $4 then position
           else coalesce((select max(position) from djet.node where parent_id = $2), 0) + ${STEP} end
       where id = $1 returning ${NODE_COLUMNS}`,
      [item.nodeId, parent.id, part, parent.id === item.parentId],
    )
    const [row] = await told(top, parent).catch((error: unknown) => {
      throw (error as { code?: string }).code === '23505' ? taken(part, parent) : error
    })
    const node = nodeOf(row!)
    requireIfShown(store, [node, ...above])
    await told(restoreBelow(store, item, node), parent)
    await connection.query('delete from djet.trash where id = $1', [item.id])
    await redirectFrom(store, item.path, node)
    await store.audit('node.untrash', node, { trash: item.id, nodes: item.nodes, from: item.path })
    return node
  })
}

/** Gives what stands below its paths again. A level of a path takes two octets: shorter ones need no counting. */
async function restoreBelow(store: NodeStore, item: TrashRow, node: Node): Promise<void> {
  const { connection } = store.options
  const values = [pathOf(item), node.path]
  await connection.query(
    `select djet.check_path($2 || substr(path, length($1) + 1)) from djet.node
     where path > $1 || '/' and path < $1 || '0' and (
       octet_length(path) + octet_length($2) - octet_length($1) > 2000
       or octet_length(path) + octet_length($2) - octet_length($1) >= 130
         and octet_length(path) - octet_length(replace(path, '/', ''))
           + octet_length($2) - octet_length(replace($2, '/', '')) > 64)`,
    values,
  )
  await writeSubtree(store, item.nodes, () =>
    connection.query(
      `update djet.node set trash_id = null, basetype = substr(basetype, 2), path = $2 || substr(path, length($1) + 1)
       where path > $1 || '/' and path < $1 || '0'`,
      values,
    ),
  )
}

/** @throws {DjetError} TRASH_PARENT_GONE, 409 */
async function placeFor(store: NodeStore, item: TrashRow, to: TrashPlace): Promise<Branch> {
  if (to.parent !== undefined) return parentOf(store, to.parent)
  const above = await store.lookUp(item.parentId)
  if (above.length > 0) {
    store.options.rights?.require('edit', above)
    return above
  }
  const message = `the page that ${item.path} stood below is gone. Choose another place.`
  throw new DjetError('TRASH_PARENT_GONE', message, { status: 409, fields: { parent: 'is gone' } })
}

async function checkMaxOf(store: NodeStore, item: TrashItem): Promise<void> {
  const limited = [...store.options.basetypes.values()].filter(({ max }) => max !== undefined)
  if (limited.length === 0) return
  const { connection } = store.options
  const rows = await connection.query<{ basetype: string; n: number }>(
    `select substr(basetype, 2) as basetype, count(*) as n from djet.node where basetype = any($2)
       and (path = $1 or (path > $1 || '/' and path < $1 || '0')) group by 1`,
    [pathOf(item), limited.map(({ name }) => `~${name}`)],
  )
  for (const { basetype, n } of rows) await checkMax(connection, basetypeOf(store, basetype), n)
}

export async function listTrash(store: NodeStore, options: TrashListOptions = {}): Promise<Page<TrashItem>> {
  const limit = checkLimit(options.limit)
  const items: TrashItem[] = []
  let last = options.after === undefined ? 2_147_483_647 : Number(fromCursor(options.after, ['id'])[0])
  for (let looked = 0; looked < MOST_LOOKED_AT; ) {
    const rows = await store.options.connection.query<TrashRow>(
      `select ${COLUMNS} from djet.trash where id < $1 order by id desc limit $2`,
      [last, limit + 1],
    )
    for (const row of rows) {
      if (items.length === limit) return { items, next: toCursor([last]) }
      last = row.id
      if (await mayUse(store, row)) items.push(itemOf(row))
    }
    if (rows.length <= limit) return { items, next: null }
    looked += rows.length
  }
  return { items, next: toCursor([last]) }
}

/** Deletes a trashed subtree for good; the number of nodes that went. */
export async function purgeTrash(store: NodeStore, id: number): Promise<number> {
  return inTransaction(store, async (store) => {
    const item = await lockItem(store, id)
    const count = await purgeAt(store, pathOf(item))
    await store.audit('node.purge', { id: item.nodeId, path: item.path, name: item.name }, { nodes: count })
    return count
  })
}

/**
 * Deletes what was trashed before a time, the oldest first, each in a transaction of its own; the number of nodes
 * that went.
 * @throws {DjetError} ACCESS_DENIED, 403: for the system and administrators
 */
export async function emptyTrash(store: NodeStore, before: Date, most = 1000): Promise<number> {
  const { rights, connection } = store.options
  if (rights && !rights.mayEverywhere('administer'))
    throw new DjetError('ACCESS_DENIED', 'only administrators empty the trash.', { status: 403 })
  const rows = await connection.query<{ id: number }>(
    'select id from djet.trash where trashed < $1 order by trashed limit $2',
    [before, most],
  )
  let count = 0
  for (const { id } of rows) {
    try {
      count += await purgeTrash(store, id)
    } catch (error) {
      // Another process was faster.
      if (!(error instanceof DjetError) || error.code !== 'TRASH_NOT_FOUND') throw error
    }
  }
  return count
}
