import type { Acl } from './access.ts'
import type { Node } from './node.ts'
import type { NodeStatus } from './status.ts'

/** A row of `djet.node` as the database gives it. */
export interface NodeRow {
  id: number
  parent_id: number | null
  part: string
  path: string
  position: number
  basetype: string
  name: string
  title: string
  data: Record<string, unknown>
  acl: Acl | null
  created: Date
  modified: Date
  created_by: string | null
  modified_by: string | null
  version: number
  status: NodeStatus
}

/** The columns of a node, for `select` and `returning`. */
export const NODE_COLUMNS =
  'id, parent_id, part, path, position, basetype, name, title, data, acl, created, modified, created_by, modified_by, version, status'

/**
 * True of nodes that are not in the trash, where a node is looked for by its id. `trash_id is null` would let the
 * planner take an index of a plugin that has this condition, and read it to its end: before the table is analyzed it
 * thinks that there are hardly any such rows.
 */
export const NOT_TRASHED = `left(path, 1) = '/'`

/** Makes the node of a row. Nodes are shared by requests through the caches, hence frozen. */
export function nodeOf(row: NodeRow): Node {
  return Object.freeze({
    id: row.id,
    parentId: row.parent_id,
    part: row.part,
    path: row.path,
    position: row.position,
    basetype: row.basetype,
    name: row.name,
    title: row.title,
    data: Object.freeze(row.data),
    acl: row.acl,
    created: row.created,
    modified: row.modified,
    createdBy: row.created_by,
    modifiedBy: row.modified_by,
    version: row.version,
    status: row.status,
  })
}
