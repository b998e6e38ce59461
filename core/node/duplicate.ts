import type { Basetype } from '../basetype.ts'
import { DjetError } from '../error.ts'
import { holdTypes } from '../site-type/hold.ts'
import { writeSubtree } from './large.ts'
import { checkMax } from './max.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { NodeRef } from './nodes.ts'
import { checkPart } from './part.ts'
import { checkPlace } from './place.ts'
import { NODE_COLUMNS, type NodeRow, nodeOf } from './row.ts'
import { taken } from './save.ts'
import { statusOfNew } from './shown.ts'
import { STEP } from './step.ts'
import { checkText } from './text.ts'
import { told } from './told.ts'
import { basetypeOf, inTransaction, lock, parentOf, refuseSensitive } from './within.ts'

export interface DuplicateOptions {
  /** With all that stands below it; false when absent. */
  deep?: boolean
  /** Where the copy goes; beside the node when absent. */
  parent?: NodeRef
  /** Its part; the node's own with `-copy` when absent, or with a number. */
  part?: string
  name?: string
  title?: string
  /**
   * `draft` when absent: visitors do not see the copy, and what is below it, until it is published. `published` needs
   * `publish` where the copy goes.
   */
  status?: 'published' | 'draft'
}

const SUBTREE = `path = $1::text or ($2::boolean and path > $1 || '/' and path < $1 || '0')`

/** Copies a node, or its whole subtree in one statement; parents come before their children, whose paths need them. */
export async function duplicate(
  store: NodeStore,
  ref: NodeRef,
  options: DuplicateOptions = {},
): Promise<Node> {
  return inTransaction(store, async (store) => {
    const branch = await lock(store, ref, 'no key update')
    const node = branch[0]!
    const deep = options.deep ?? false
    const above =
      options.parent === undefined && node.parentId !== null
        ? await parentOf(store, node.parentId)
        : await parentOf(store, options.parent ?? node)
    const parent = above[0]!
    checkPlace(basetypeOf(store, node.basetype), basetypeOf(store, parent.basetype))
    const { connection, by, basetypes } = store.options
    const types = await connection.query<{ basetype: string; n: number }>(
      `select basetype, count(*) as n from djet.node where ${SUBTREE} group by 1`,
      [node.path, deep],
    )
    await holdTypes(
      store,
      types.map(({ basetype }) => basetypes.get(basetype)),
    )
    for (const { basetype, n } of types) {
      const type = basetypes.get(basetype)
      if (type) refuseSensitive(store, type)
      if (type?.copies === false && store.options.rights) throw uncopied(node, type)
      if (basetypes.get(basetype)?.max !== undefined)
        await checkMax(connection, basetypeOf(store, basetype), n)
    }
    const part = options.part === undefined ? await freePart(store, node, parent) : checkPart(options.part)
    const status = statusOfNew(store, options.status ?? 'draft', { ...node, part }, above)
    const name = checkText('name', options.name || node.name)
    // A full join, because it is never made by nested loops: right after a move the planner takes the subtree for a few
    // rows. The condition keeps it from being made a left join.
    const nodes = types.reduce((sum, { n }) => sum + n, 0)
    const copy = writeSubtree(store, nodes, () =>
      connection.query<Pick<NodeRow, 'id' | 'parent_id' | 'part'>>(
        `with source as materialized (
         select *, nextval(pg_get_serial_sequence('djet.node', 'id'))::int as copy_id from djet.node where ${SUBTREE})
       insert into djet.node (id, parent_id, part, path, position, basetype, name, title, data, acl, status,
         created_by, modified_by)
       select s.copy_id,
         case when s.path = $1 then $3::int else above.copy_id end,
         case when s.path = $1 then $4 else s.part end, '',
         case when s.path = $1
           then coalesce((select max(position) from djet.node where parent_id = $3::int), 0) + ${STEP} else s.position end,
         s.basetype,
         case when s.path = $1 then $5 else s.name end,
         case when s.path = $1 then $6 else s.title end,
         s.data, s.acl,
         case when s.path = $1 then $7::djet.node_status else s.status end, $8, $8
       from source s full join source above on above.id = s.parent_id
       where coalesce(s.id, 0) > 0
       order by s.path
       returning id, parent_id, part`,
        [node.path, deep, parent.id, part, name, checkText('title', options.title || node.title), status, by],
      ),
    )
    const rows = await told(copy, parent).catch((error: unknown) => {
      const { code } = error as { code?: string }
      if (code === 'NODE_NOT_UNIQUE') throw notUnique(node, error as DjetError)
      throw code === '23505' ? taken(part, parent) : error
    })
    const top = rows.find((row) => row.parent_id === parent.id && row.part === part)!
    const [made] = await connection.query<NodeRow>(`select ${NODE_COLUMNS} from djet.node where id = $1`, [
      top.id,
    ])
    const result = nodeOf(made!)
    await store.audit('node.duplicate', result, { from: node.path, nodes: rows.length })
    return result
  })
}

/** @param type of the node, or of one below it, that is not copied */
function uncopied(node: Node, type: Basetype): DjetError {
  const message =
    node.basetype === type.name
      ? `${node.name} cannot be copied: it has what only one page may have. Make a new page instead.`
      : `${node.name} cannot be copied with all below it: no copies are made of the type ${type.title} (${type.name}).`
  return new DjetError('NODE_NOT_COPIED', message, { status: 409 })
}

/** What an index of a plugin has against copies, of a type that does not say so. */
function notUnique({ name }: Node, cause: DjetError): DjetError {
  const [field] = Object.keys(cause.fields ?? {})
  if (field === undefined) return cause
  const message = `${name} cannot be copied: only one page may have the same ${field}. Make a new page instead.`
  return new DjetError('NODE_NOT_UNIQUE', message, { status: 409, cause })
}

/** A part that no child of the parent has. */
async function freePart(store: NodeStore, node: Node, parent: Node): Promise<string> {
  const stem = node.part.slice(0, 180)
  const wished = [
    ...(parent.id === node.parentId ? [] : [node.part]),
    `${stem}-copy`,
    ...Array.from({ length: 999 }, (_, i) => `${stem}-copy-${i + 2}`),
  ].filter((part) => part !== '')
  const rows = await store.options.connection.query<{ part: string }>(
    `select wished.part from unnest($2::text[]) with ordinality as wished (part, n)
     where not exists (select from djet.node where path = $1 || wished.part) order by n limit 1`,
    [parent.path === '/' ? '/' : `${parent.path}/`, wished],
  )
  const free = rows[0]?.part
  if (free === undefined) throw taken(`${stem}-copy`, parent)
  return checkPart(free)
}
