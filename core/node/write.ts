import { isDeepStrictEqual } from 'node:util'
import { DjetError } from '../error.ts'
import { holdTypes } from '../site-type/hold.ts'
import type { Acl } from './access.ts'
import { changed, columnsOf } from './change.ts'
import { checkData, checkReferences } from './data.ts'
import { differing, lostUpdate } from './lost-update.ts'
import { checkMax } from './max.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { Branch, NewNode, NodeChange, NodeRef } from './nodes.ts'
import { checkPart, partFrom } from './part.ts'
import { checkPlace } from './place.ts'
import { NODE_COLUMNS, type NodeRow, nodeOf } from './row.ts'
import { save, taken } from './save.ts'
import { changesShown, requireIfShown, statusOfNew } from './shown.ts'
import { STEP } from './step.ts'
import { checkNote, checkText } from './text.ts'
import { told } from './told.ts'
import { currentVersion } from './version.ts'
import { basetypeOf, inTransaction, lock, lockTree, mayOf, parentOf, refuseSensitive } from './within.ts'

const INSERT = `
  insert into djet.node (parent_id, part, path, position, basetype, name, title, data, acl, status, created_by, modified_by)
  select $1, item.part, '', coalesce((select max(position) from djet.node where parent_id = $1), 0) + ${STEP} * item.n,
    item.basetype, item.name, item.title, item.data, nullif(item.acl, 'null'), item.status, $3, $3
  from rows from (jsonb_to_recordset($2::jsonb)
    as (part text, basetype text, name text, title text, data jsonb, acl jsonb, status djet.node_status)) with ordinality
    as item (part, basetype, name, title, data, acl, status, n)
  on conflict (path) do nothing
  returning ${NODE_COLUMNS}`

/** @param above the parent first; empty for the root */
function prepare(store: NodeStore, above: Branch, node: NewNode) {
  const basetype = basetypeOf(store, node.basetype)
  refuseSensitive(store, basetype)
  checkPlace(basetype, above[0] && basetypeOf(store, above[0].basetype))
  const part =
    above.length === 0 ? '' : checkPart(node.part ?? partFrom(node.name ?? node.title ?? basetype.name))
  const name = checkText('name', node.name || node.title || part || basetype.title)
  const placed = { basetype: basetype.name, part, acl: node.acl ?? null }
  return {
    ...placed,
    name,
    title: checkText('title', node.title || name),
    data: checkData(basetype, node.data ?? {}, false),
    status: statusOfNew(store, node.status, placed, above),
  }
}

export async function insert(store: NodeStore, parentRef: NodeRef | null, node: NewNode): Promise<Node> {
  return inTransaction(store, async (store) => {
    const branch = parentRef === null ? [] : await parentOf(store, parentRef)
    const parent = branch[0]
    const { connection, by } = store.options
    requireForRules(store, branch, null, node.acl)
    const item = prepare(store, branch, node)
    const basetype = basetypeOf(store, node.basetype)
    await holdTypes(store, [basetype])
    await checkReferences(connection, [{ basetype, data: item.data }], mayOf(store))
    await checkMax(connection, basetype, 1)
    for (let attempt = 1; attempt <= 100; attempt++) {
      // A part that was made from the name gives way; one that was asked for does not.
      const part = attempt === 1 ? item.part : `${item.part}-${attempt}`
      const values = [parent?.id ?? null, JSON.stringify([{ ...item, part }]), by]
      const [row] = await told(connection.query<NodeRow>(INSERT, values), parentRef)
      if (row) {
        await store.audit('node.insert', nodeOf(row), { basetype: row.basetype })
        return nodeOf(row)
      }
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
    const branch = await parentOf(store, parentRef)
    const [parent] = branch
    const { connection, by } = store.options
    for (const { acl } of nodes) requireForRules(store, branch, null, acl)
    const items = nodes.map((node) => prepare(store, branch, node))
    await holdTypes(
      store,
      items.map(({ basetype }) => basetypeOf(store, basetype)),
    )
    await checkReferences(
      connection,
      items.map(({ basetype, data }) => ({ basetype: basetypeOf(store, basetype), data })),
      mayOf(store),
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
    if (rows.length === items.length) {
      await store.audit('node.insert', parent!, { children: rows.length })
      return rows.map(nodeOf)
    }
    const made = new Set(rows.map((row) => row.part))
    const clash = items.find(
      (item, i) => !made.has(item.part) || items.findIndex((o) => o.part === item.part) !== i,
    )
    throw taken(clash?.part ?? '', parent)
  })
}

export async function update(store: NodeStore, ref: NodeRef, change: NodeChange): Promise<Node> {
  return inTransaction(store, async (store) => {
    if (change.part !== undefined && change.part !== (await store.lookUp(ref))[0]?.part) await lockTree(store)
    const branch = await lock(store, ref, 'no key update')
    const node = branch[0]!
    const expected = change.ifVersion ?? change.version
    if (expected !== undefined && String(expected) !== String(node.version)) {
      throw await lostUpdate(store, node, currentVersion(node), expected, change)
    }
    const part = change.part === node.part ? undefined : change.part
    if (part !== undefined || changesShown(basetypeOf(store, node.basetype), change))
      requireIfShown(store, branch)
    const columns = columnsOf(await changed(store, node, change))
    requireForRules(store, branch, node.acl, change.acl)
    if (change.acl !== undefined) columns.acl = change.acl === null ? null : JSON.stringify(change.acl)
    if (part !== undefined) {
      if (node.parentId === null)
        throw new DjetError('NODE_IS_ROOT', 'the root has no part.', { status: 422 })
      columns.part = checkPart(part)
    }
    const saved = await save(store, node, branch[1], columns, { note: checkNote(change.note) })
    await noteUpdate(store, node, saved, columns)
    return saved
  })
}

/** Who may do what is for those to say who `administer` the place. @throws {DjetError} ACCESS_DENIED */
function requireForRules(
  { options }: NodeStore,
  branch: Branch,
  before: Acl | null,
  after?: Acl | null,
): void {
  if (after !== undefined && !isDeepStrictEqual(before, after)) options.rights?.require('administer', branch)
}

async function noteUpdate(
  store: NodeStore,
  before: Node,
  after: Node,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  const names = Object.keys(columns)
  if (names.length === 0) return
  const facts = {
    ...(columns.data === undefined ? {} : { fields: differing(before, after) }),
    ...(columns.part === undefined ? {} : { from: before.path }),
    ...(columns.acl === undefined ? {} : { acl: { before: before.acl, after: after.acl } }),
    version: after.version,
  }
  await store.audit(columns.part === undefined ? 'node.save' : 'node.rename', after, facts)
}
