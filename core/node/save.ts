import { DjetError } from '../error.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import { releaseReplaced } from './released-files.ts'
import { NODE_COLUMNS, type NodeRow, nodeOf } from './row.ts'
import { told } from './told.ts'

/** Keeps what a node is now, in the statement that changes it. */
const KEEP = `with kept as (
  insert into djet.node_version (node_id, version, basetype, part, name, title, data, acl, status, saved, saved_by, note)
  select id, version, basetype, part, name, title, data, acl, status, modified, modified_by, note
  from djet.node where id = $1 on conflict do nothing)`

export interface SaveOptions {
  /** A line about the change. */
  note?: string | null | undefined
  /** False: what people wrote stays, so that it is no new version. */
  counted?: boolean
}

/**
 * Changes columns of a node that is locked: one statement that keeps the earlier state, counts the version, and
 * notes who and when.
 * @throws {DjetError} NODE_EXISTS, NODE_MOVE_INTO_ITSELF, and those of `told`
 */
export async function save(
  store: NodeStore,
  node: Node,
  parent: Node | undefined,
  columns: Readonly<Record<string, unknown>>,
  { note = null, counted = true }: SaveOptions = {},
): Promise<Node> {
  const names = Object.keys(columns)
  if (names.length === 0) return node
  const { connection, by, basetypes } = store.options
  const marks = 'modified = now(), modified_by = $2, note = $3, version = version + 1'
  const set = names.map((name, i) => `${name} = $${i + (counted ? 4 : 2)}`)
  const keeps = counted && basetypes.get(node.basetype)?.versions !== false
  try {
    const update = connection.query<NodeRow>(
      `${keeps ? KEEP : ''} update djet.node set ${[...set, ...(counted ? [marks] : [])].join(', ')}
       where id = $1 returning ${NODE_COLUMNS}`,
      [node.id, ...(counted ? [by, note] : []), ...names.map((name) => columns[name])],
    )
    const [row] = await told(update, parent ?? null)
    const saved = nodeOf(row!)
    const basetype = basetypes.get(node.basetype)
    if (!keeps && basetype && columns.data !== undefined) {
      await releaseReplaced(connection, basetype, node.data, saved.data)
    }
    return saved
  } catch (error) {
    const code = (error as { code?: string }).code
    if (code === '23505') throw taken(String(columns.part ?? node.part), parent)
    if (code === 'DJ001') throw intoItself(node)
    throw error
  }
}

export function taken(part: string, parent: Pick<Node, 'path'> | undefined): DjetError {
  if (!parent) return new DjetError('NODE_EXISTS', 'this site has its root already.', { status: 409 })
  const where = ` below ${parent.path}`
  return new DjetError('NODE_EXISTS', `there is already a node '${part}'${where}. Choose another address.`, {
    status: 409,
    fields: { part: 'is taken' },
  })
}

export function intoItself(node: Pick<Node, 'path'>): DjetError {
  return new DjetError('NODE_MOVE_INTO_ITSELF', `${node.path} cannot be moved below itself.`, { status: 409 })
}
