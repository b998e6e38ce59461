import type { Basetype } from '../basetype.ts'
import type { Connection } from '../db/connection.ts'
import type { Djet } from '../scope.ts'
import type { NodeStore } from './node-store.ts'

/** Files looked at by one call. */
const BATCH = 500

/** Files of fields as `held (id)`, of the nodes and versions that a condition on `n` names. */
function heldBy(where: string): string {
  const id = (
    data: string,
  ) => `case when ${data} ->> f.field ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
    then (${data} ->> f.field)::uuid end`
  return `select ${id('n.data')} as id from fields f join djet.node n on n.basetype in (f.basetype, '~' || f.basetype)
      where ${where}
    union select ${id('v.data')} from fields f join djet.node n on n.basetype in (f.basetype, '~' || f.basetype)
      join djet.node_version v on v.node_id = n.id where ${where}`
}

const FIELDS = 'fields (basetype, field) as (select * from unnest($1::text[], $2::text[]))'

/** Names of the fields that hold files, with their basetypes. */
function fileFields(basetypes: Iterable<Basetype>): [string[], string[]] {
  const pairs = [...basetypes].flatMap((basetype) =>
    [
      ...Object.keys(basetype.fields).filter((name) => basetype.fields[name]?.type === 'file'),
      ...(basetype.onSite?.hiddenFiles ?? []),
    ].map((name) => [basetype.name, name]),
  )
  return [pairs.map(([basetype]) => basetype!), pairs.map(([, name]) => name!)]
}

/** Notes that the nodes at and below a path, which are about to be deleted, let go of their files. */
export async function releaseFiles(store: NodeStore, path: string): Promise<void> {
  const [types, fields] = fileFields(store.options.basetypes.values())
  if (types.length === 0) return
  await store.options.connection.query(
    `with ${FIELDS}, held as (${heldBy("(n.path = $3 or (n.path > $3 || '/' and n.path < $3 || '0'))")})
     update djet.file set released = now() from held where file.id = held.id and kept`,
    [types, fields, path],
  )
}

/** Notes that a node which keeps no versions let go of the files it had in these fields. */
export async function releaseReplaced(
  connection: Connection,
  basetype: Basetype,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Promise<void> {
  const [, fields] = fileFields([basetype])
  const gone = fields
    .map((name) => before[name])
    .filter((id) => id !== undefined && !fields.some((name) => after[name] === id))
  if (gone.length === 0) return
  await connection.query('update djet.file set released = now() where id::text = any($1) and kept', [gone])
}

/**
 * Removes files that their nodes let go of a day ago and that nothing holds now: no field of a node, be it in the
 * trash, none of a version, no row that refers to them, and no plugin (`heldFiles`). The number of files that went.
 */
export async function removeReleasedFiles(djet: Djet): Promise<number> {
  const { app } = djet
  const released = await djet.query<{ id: string }>(
    `select id from djet.file where released < now() - interval '1 day' order by released limit ${BATCH}`,
  )
  if (released.length === 0) return 0
  const ids = released.map(({ id }) => id)
  const held = new Set<string>()
  const [types, fields] = fileFields(app.basetypes.values())
  const rows = await djet.query<{ id: string }>(
    `with ${FIELDS}, held as (${heldBy('true')}) select distinct id from held where id = any($3::uuid[])`,
    [types, fields, ids],
  )
  for (const { id } of rows) held.add(id)
  for (const plugin of app.plugins) for (const id of (await plugin.heldFiles?.(djet, ids)) ?? []) held.add(id)
  let removed = 0
  for (const id of ids) {
    if (!held.has(id) && (await removeOne(djet, id))) removed++
    else await djet.query('update djet.file set released = null where id = $1', [id])
  }
  return removed
}

/** False: a row refers to it. */
async function removeOne(djet: Djet, id: string): Promise<boolean> {
  try {
    await djet.transaction((djet) => djet.files.delete(id))
    return true
  } catch (error) {
    if ((error as { code?: string }).code === '23503') return false
    throw error
  }
}
