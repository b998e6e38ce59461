import {
  checkLimit,
  type Djet,
  type DjetApp,
  type Fields,
  fromCursor,
  type Page,
  toCursor,
} from '../../../core/index.ts'
import { LISTED, type ListedNode, Sight } from './sight.ts'

/** A page that uses a file. */
export interface Use {
  readonly node: ListedNode
  /** Names of the fields that do. */
  readonly fields: readonly string[]
}

/** Nodes looked at in one transaction when a field comes to be known. */
const BATCH = 500

/** Uses that are counted one by one. */
export const MOST_COUNTED = 100

/** Pages that use a file and that the user may see, by id. */
export async function listUses(
  djet: Djet,
  targetId: number,
  options: { after?: string | undefined; limit?: number } = {},
): Promise<Page<Use>> {
  const limit = checkLimit(options.limit, 200)
  let last = options.after ? (fromCursor(options.after, ['id'])[0] as number) : 0
  const sight = new Sight(djet)
  const items: Use[] = []
  for (let looked = 0; looked < 1000; ) {
    const rows = await djet.query<ListedNode & { fields: string[] }>(
      `select ${LISTED}, u.fields
       from (select node_id, array_agg(field order by field) as fields from files.use
         where target_id = $1 and node_id > $2 group by node_id order by node_id limit $3) as u
       join djet.node n on n.id = u.node_id order by n.id`,
      [targetId, last, limit + 1],
    )
    for (const { fields, ...node } of rows) {
      if (items.length === limit) return { items, next: toCursor([last]) }
      last = node.id
      const isTrashed = node.path.startsWith('trash:')
      if (!isTrashed && (await sight.sees(node))) items.push({ node, fields })
    }
    if (rows.length <= limit) return { items, next: null }
    looked += rows.length
  }
  return { items, next: toCursor([last]) }
}

/** How many pages use a file, seen or not, of those that are not in the trash; `MOST_COUNTED` + 1 for more. */
export async function countUses(djet: Djet, targetId: number): Promise<number> {
  const [row] = await djet.query<{ n: number }>(
    `select count(*) as n from (
       select from (select node_id from files.use where target_id = $1 group by node_id order by node_id offset 0) as u
       -- Asked of each use in turn: a join may begin with all nodes there are.
       where (select n.trash_id is null from djet.node n where n.id = u.node_id)
       limit ${MOST_COUNTED + 1}) as uses`,
    [targetId],
  )
  return row?.n ?? 0
}

/** What stands below a folder: how many nodes, and how many of them are files in use, `MOST_COUNTED` + 1 for more. */
export async function countBelow(djet: Djet, path: string): Promise<{ below: number; used: number }> {
  const below = "t.path > $1 || '/' and t.path < $1 || '0'"
  const [row] = await djet.query<{ below: number; used: number }>(
    `select (select count(*) from djet.node t where ${below}) as below,
       (select count(*) from (select from djet.node t where ${below} and t.basetype = 'file' and exists (
         select from files.use u join djet.node n on n.id = u.node_id and n.trash_id is null
         where u.target_id = t.id) limit ${MOST_COUNTED + 1}) as used) as used`,
    [path],
  )
  return row ?? { below: 0, used: 0 }
}

/**
 * Tells the database which fields may name files, and has the nodes looked at that were there before the field was. Safe
 * to be done by several processes at once, and to be broken off.
 */
export async function followFields(app: DjetApp): Promise<void> {
  const fields = [...app.basetypes.values()].flatMap(({ name: basetype, fields }) =>
    fieldsThatRefer(fields).map((field) => ({ basetype, ...field })),
  )
  const { database } = app
  await database.query(
    `insert into files.field (basetype, name, type, looked_at)
     select basetype, name, type, 0 from json_to_recordset($1) as f (basetype text, name text, type text)
     on conflict (basetype, name) do update set type = excluded.type, looked_at = 0 where field.type <> excluded.type`,
    [JSON.stringify(fields)],
  )
  while (!app.signal.aborted && (await lookAtSome(app))) {}
}

/** Fields that may name a file; of a group its columns, `lines.photo`. */
function fieldsThatRefer(fields: Fields): { name: string; type: string }[] {
  return Object.entries(fields).flatMap(([name, { type, settings }]) => {
    if (type === 'group') {
      return fieldsThatRefer(settings.fields as Fields).map((column) => ({
        ...column,
        name: `${name}.${column.name}`,
      }))
    }
    const types = settings.basetypes as readonly string[] | undefined
    const isNode = type === 'node' && (types === undefined || types.includes('file'))
    return isNode || type === 'html' ? [{ name, type }] : []
  })
}

/** False: there is nothing left to look at. */
function lookAtSome(app: DjetApp): Promise<boolean> {
  return app.database.transaction(async (tx) => {
    const [field] = await tx.query<{ basetype: string; name: string; looked_at: number }>(
      `select basetype, name, looked_at from files.field where looked_at is not null
       order by basetype, name limit 1 for update skip locked`,
    )
    if (field === undefined) return false
    const nodes = await tx.query<{ id: number }>(
      'select id from djet.node where basetype = $1 and id > $2 order by id limit $3',
      [field.basetype, field.looked_at, BATCH],
    )
    const ids = nodes.map(({ id }) => id)
    if (ids.length > 0) await tx.query('select files.note_uses($1)', [ids])
    await tx.query('update files.field set looked_at = $3 where basetype = $1 and name = $2', [
      field.basetype,
      field.name,
      ids.length < BATCH ? null : ids.at(-1),
    ])
    return true
  })
}
