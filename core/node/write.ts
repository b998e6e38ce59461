import type { Basetype } from '../basetype.ts'
import type { Connection } from '../db/connection.ts'
import { DjetError, didYouMean } from '../error.ts'
import { checkData, checkReferences } from './data.ts'
import type { Node } from './node.ts'
import { NodeStore, notFound } from './node-store.ts'
import type { BasetypeRef, Branch, NewNode, NodeChange, NodeRef, Place } from './nodes.ts'
import { checkPart, partFrom } from './part.ts'
import { checkPlace } from './place.ts'
import { NODE_COLUMNS, type NodeRow, nodeOf } from './row.ts'
import { checkText } from './text.ts'
import { told } from './told.ts'

/** Room left between siblings, so that one can be put between two others without touching them. */
const STEP = 1024

export function basetypeOf(store: NodeStore, ref: BasetypeRef): Basetype {
  const name = typeof ref === 'string' ? ref : ref.name
  const basetype = store.options.basetypes.get(name)
  if (basetype) return basetype
  throw new DjetError(
    'BASETYPE_UNKNOWN',
    `there is no basetype '${name}'.${didYouMean(name, store.options.basetypes.keys())}`,
    { status: 422 },
  )
}

/** @throws {DjetError} NODE_MAX, 409. Holds a lock on the type until the transaction ends. */
async function checkMax(connection: Connection, basetype: Basetype, more: number): Promise<void> {
  if (basetype.max === undefined) return
  await connection.query("select pg_advisory_xact_lock(hashtext('djet.basetype'), hashtext($1))", [
    basetype.name,
  ])
  const [row] = await connection.query<{ path: string; n: number }>(
    'select min(path) as path, count(*) as n from djet.node where basetype = $1',
    [basetype.name],
  )
  const there = row?.n ?? 0
  if (there + more <= basetype.max) return
  const most = basetype.max === 1 ? 'exactly one' : `at most ${basetype.max}`
  throw new DjetError(
    'NODE_MAX',
    `a site has ${most} ${basetype.title} (${basetype.name})${there > 0 ? `; it is at ${row?.path}` : ''}.`,
    { status: 409 },
  )
}

async function parentOf(store: NodeStore, ref: NodeRef): Promise<Branch> {
  const branch = await store.lookUp(ref)
  const { rights } = store.options
  if (branch.length === 0 || (rights && !rights.may('view', branch))) throw notFound(ref)
  rights?.require('edit', branch)
  return branch
}

/** The same store on a transaction's connection: a savepoint when the scope is in one already. */
function inTransaction<T>(store: NodeStore, work: (store: NodeStore) => Promise<T>): Promise<T> {
  return store.options.connection.transaction((connection) =>
    work(new NodeStore({ ...store.options, connection, branches: undefined })),
  )
}

function taken(part: string, parent: Node | undefined): DjetError {
  if (!parent) return new DjetError('NODE_EXISTS', 'this site has its root already.', { status: 409 })
  const where = ` below ${parent.path}`
  return new DjetError('NODE_EXISTS', `there is already a node '${part}'${where}. Choose another address.`, {
    status: 409,
    fields: { part: 'is taken' },
  })
}

const INSERT = `
  insert into djet.node (parent_id, part, path, position, basetype, name, title, data, acl, created_by, modified_by)
  select $1, item.part, '', coalesce((select max(position) from djet.node where parent_id = $1), 0) + ${STEP} * item.n,
    item.basetype, item.name, item.title, item.data, nullif(item.acl, 'null'), $3, $3
  from rows from (jsonb_to_recordset($2::jsonb)
    as (part text, basetype text, name text, title text, data jsonb, acl jsonb)) with ordinality
    as item (part, basetype, name, title, data, acl, n)
  on conflict (path) do nothing
  returning ${NODE_COLUMNS}`

function prepare(store: NodeStore, parent: Basetype | undefined, node: NewNode, root: boolean) {
  const basetype = basetypeOf(store, node.basetype)
  checkPlace(basetype, parent)
  const part = root ? '' : checkPart(node.part ?? partFrom(node.name ?? node.title ?? basetype.name))
  const name = checkText('name', node.name || node.title || part || basetype.title)
  return {
    basetype: basetype.name,
    part,
    name,
    title: checkText('title', node.title || name),
    data: checkData(basetype, node.data ?? {}, false),
    acl: node.acl ?? null,
  }
}

export async function insert(store: NodeStore, parentRef: NodeRef | null, node: NewNode): Promise<Node> {
  return inTransaction(store, async (store) => {
    const branch = parentRef === null ? [] : await parentOf(store, parentRef)
    const parent = branch[0]
    const { connection, by } = store.options
    const item = prepare(store, parent && basetypeOf(store, parent.basetype), node, parent === undefined)
    const basetype = basetypeOf(store, node.basetype)
    await checkReferences(connection, [{ basetype, data: item.data }])
    await checkMax(connection, basetype, 1)
    for (let attempt = 1; attempt <= 100; attempt++) {
      // A part that was made from the name gives way; one that was asked for does not.
      const part = attempt === 1 ? item.part : `${item.part}-${attempt}`
      const values = [parent?.id ?? null, JSON.stringify([{ ...item, part }]), by]
      const [row] = await told(connection.query<NodeRow>(INSERT, values), parentRef)
      if (row) return nodeOf(row)
      if (node.part !== undefined || parent === undefined) break
    }
    throw taken(item.part, parent)
  })
}

export async function insertMany(
  store: NodeStore,
  parentRef: NodeRef,
  nodes: readonly NewNode[],
): Promise<Node[]> {
  if (nodes.length === 0) return []
  return inTransaction(store, async (store) => {
    const [parent] = await parentOf(store, parentRef)
    const { connection, by } = store.options
    const items = nodes.map((node) => prepare(store, basetypeOf(store, parent!.basetype), node, false))
    await checkReferences(
      connection,
      items.map(({ basetype, data }) => ({ basetype: basetypeOf(store, basetype), data })),
    )
    for (const name of new Set(items.map((item) => item.basetype))) {
      await checkMax(
        connection,
        basetypeOf(store, name),
        items.filter((item) => item.basetype === name).length,
      )
    }
    const rows = await told(
      connection.query<NodeRow>(INSERT, [parent!.id, JSON.stringify(items), by]),
      parentRef,
    )
    if (rows.length === items.length) return rows.map(nodeOf)
    const made = new Set(rows.map((row) => row.part))
    const clash = items.find(
      (item, i) => !made.has(item.part) || items.findIndex((o) => o.part === item.part) !== i,
    )
    throw taken(clash?.part ?? '', parent)
  })
}

/**
 * Locks a node for a change, or to be deleted. A change lets inserts below the node go on.
 * @throws {DjetError} NODE_NOT_FOUND, ACCESS_DENIED
 */
async function lock(store: NodeStore, ref: NodeRef, strength: 'no key update' | 'update'): Promise<Branch> {
  const branch = await store.lookUp(ref)
  const { rights, connection } = store.options
  if (branch.length === 0 || (rights && !rights.may('view', branch))) throw notFound(ref)
  rights?.require('edit', branch)
  const [row] = await connection.query<NodeRow>(
    `select ${NODE_COLUMNS} from djet.node where id = $1 for ${strength}`,
    [branch[0]!.id],
  )
  if (!row) throw notFound(ref)
  return [nodeOf(row), ...branch.slice(1)]
}

/**
 * Waits for running inserts and moves, and holds back new ones. The trigger that keeps the paths does the same;
 * here it is done before any row is locked, since an insert holds this lock when it comes to lock its parent.
 */
async function lockTree({ options }: NodeStore): Promise<void> {
  await options.connection.query("select pg_advisory_xact_lock(hashtext('djet.node'), 0)")
}

export async function update(store: NodeStore, ref: NodeRef, change: NodeChange): Promise<Node> {
  return inTransaction(store, async (store) => {
    if (change.part !== undefined && change.part !== (await store.lookUp(ref))[0]?.part) await lockTree(store)
    const branch = await lock(store, ref, 'no key update')
    const node = branch[0]!
    if (change.version !== undefined && change.version !== node.version) {
      throw new DjetError(
        'NODE_CHANGED',
        `${node.path} was changed by ${node.modifiedBy ?? 'the system'} in the meantime (version ${node.version}).`,
        { status: 409 },
      )
    }
    const columns: Record<string, unknown> = {}
    if (change.name !== undefined && change.name !== '') columns.name = checkText('name', change.name)
    if (change.title !== undefined && change.title !== '') columns.title = checkText('title', change.title)
    if (change.acl !== undefined) columns.acl = change.acl === null ? null : JSON.stringify(change.acl)
    if (change.data !== undefined) {
      const basetype = basetypeOf(store, node.basetype)
      const changed = checkData(basetype, change.data, true)
      await checkReferences(store.options.connection, [{ basetype, data: changed }])
      const data = Object.fromEntries(
        Object.entries({ ...node.data, ...changed }).filter(
          ([, value]) => value !== undefined && value !== null,
        ),
      )
      columns.data = JSON.stringify(data)
    }
    if (change.part !== undefined && change.part !== node.part) {
      if (node.parentId === null)
        throw new DjetError('NODE_IS_ROOT', 'the root has no part.', { status: 422 })
      columns.part = checkPart(change.part)
    }
    return save(store, node, branch[1], columns)
  })
}

async function save(
  store: NodeStore,
  node: Node,
  parent: Node | undefined,
  columns: Readonly<Record<string, unknown>>,
): Promise<Node> {
  const names = Object.keys(columns)
  if (names.length === 0) return node
  const { connection, by } = store.options
  try {
    const update = connection.query<NodeRow>(
      `update djet.node set ${names.map((name, i) => `${name} = $${i + 3}`).join(', ')},
         modified = now(), modified_by = $2, version = version + 1
       where id = $1 returning ${NODE_COLUMNS}`,
      [node.id, by, ...names.map((name) => columns[name])],
    )
    const [row] = await told(update, parent ?? null)
    return nodeOf(row!)
  } catch (error) {
    const code = (error as { code?: string }).code
    if (code === '23505') throw taken(String(columns.part ?? node.part), parent)
    if (code === 'DJ001') throw intoItself(node)
    throw error
  }
}

function intoItself(node: Node): DjetError {
  return new DjetError('NODE_MOVE_INTO_ITSELF', `${node.path} cannot be moved below itself.`, { status: 409 })
}

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
    return save(store, node, parent, columns)
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

/** @throws {DjetError} NODE_GUARDED, 409, when the subtree has a node of a type the site cannot do without */
async function refuseFixed(store: NodeStore, node: Node): Promise<void> {
  const fixed = [...store.options.basetypes.values()]
    .filter((basetype) => basetype.fixed)
    .map(({ name }) => name)
  if (fixed.length === 0) return
  const [found] = await store.options.connection.query<{ path: string }>(
    `select path from djet.node where basetype = any($2)
       and (path = $1 or (path > $1 || '/' and path < $1 || '0')) order by path limit 1`,
    [node.path, fixed],
  )
  if (!found) return
  const message = `the site cannot do without ${found.path}. It can be moved or renamed.`
  throw new DjetError('NODE_GUARDED', message, { status: 409 })
}

export async function remove(store: NodeStore, ref: NodeRef): Promise<number> {
  return inTransaction(store, async (store) => {
    const [node] = await lock(store, ref, 'update')
    if (node!.parentId === null)
      throw new DjetError('NODE_IS_ROOT', 'the root cannot be deleted.', { status: 422 })
    if (store.options.rights) await refuseFixed(store, node!)
    const remove = store.options.connection.query<{ n: number }>(
      `with gone as (delete from djet.node
         where path = $1 or (path > $1 || '/' and path < $1 || '0') returning 1)
       select count(*) as n from gone`,
      [node!.path],
    )
    const rows = await told(remove, null)
    return rows[0]?.n ?? 0
  })
}
