import type { Djet } from '../../../../core/index.ts'
import type { Changes } from './result.ts'
import type { Stage } from './stage.ts'

/** Room left between siblings for nodes that are put between them later. */
const STEP = 1024

/** Holds back other imports until this transaction ends; nothing else waits for it. */
export async function lockImports(djet: Djet): Promise<void> {
  await djet.query("select pg_advisory_xact_lock(hashtext('sales-order.import'))")
}

/**
 * Finds the nodes the good rows are about, locks them, and says in `change` what each row means: `create`,
 * `update` or `same`. A node's data keeps what the stage does not name; null in the stage's data empties.
 */
export async function findNodes(djet: Djet, stage: Stage, basetype: string): Promise<void> {
  await djet.query(
    `with found as (
       select n.id, n.data ->> 'number' as number from djet.node n
       where n.basetype = $1 and n.data ->> 'number' in (select number from ${stage.table})
       order by n.id for update
     )
     update ${stage.table} s set node_id = found.id from found where found.number = s.number`,
    [basetype],
  )
}

/** Says for each good row whether it changes something; after `findNodes`. */
export async function classify(djet: Djet, stage: Stage): Promise<void> {
  await djet.query(`update ${stage.table} set change = 'create' where reason is null and node_id is null`)
  await djet.query(
    `update ${stage.table} s set change = case
       when n.title = s.title and n.parent_id = s.parent_id
         and jsonb_strip_nulls(n.data || s.data) = jsonb_strip_nulls(n.data) then 'same' else 'update' end
     from djet.node n where n.id = s.node_id and s.reason is null`,
  )
}

/** How many good rows create, update or change nothing. */
export async function countChanges(djet: Djet, stage: Stage): Promise<Changes> {
  const rows = await djet.query<{ change: string; n: number }>(
    `select change, count(*) as n from ${stage.table} where reason is null group by change`,
  )
  const count = (change: string): number => rows.find((row) => row.change === change)?.n ?? 0
  return { created: count('create'), updated: count('update'), unchanged: count('same') }
}

/**
 * SQL of the part of an address that another node has already, made one of its own by the number. No name becomes
 * a part with two dashes (see `partFrom`), so it is no other row's part. Short enough for any number.
 */
function ownPart(part: string, number: string): string {
  return `left(${part}, 185) || '--' || lower(${number})`
}

/** Writes the good rows to the tree, in a fixed number of statements. `node_id` is set in all of them afterwards. */
export async function writeNodes(djet: Djet, stage: Stage, basetype: string): Promise<void> {
  const by = djet.user?.login ?? null
  await djet.query(
    `insert into djet.node (parent_id, part, path, position, basetype, name, title, data, created_by, modified_by)
     select s.parent_id,
       case when s.nth > 1 or exists (
         select from djet.node p join djet.node n
           on n.path = (case p.path when '/' then '/' else p.path || '/' end || s.part) collate "C"
         where p.id = s.parent_id
       ) then ${ownPart('s.part', 's.number')} else s.part end,
       '', coalesce(last.position, 0) + ${STEP} * row_number() over (order by s.line), $1, s.title, s.title,
       jsonb_strip_nulls(s.data), $2, $2
     from (
       select *, row_number() over (partition by parent_id, part order by line) as nth
       from ${stage.table} where reason is null and change = 'create'
     ) s
     left join (
       select parent_id, max(position) as position from djet.node
       where parent_id in (select parent_id from ${stage.table}) group by parent_id
     ) last on last.parent_id = s.parent_id
     order by s.line`,
    [basetype, by],
  )
  if (djet.app.basetypes.get(basetype)?.versions !== false) {
    await djet.query(
      `select djet.keep_version(array_agg(node_id)) from ${stage.table} where reason is null and change = 'update'`,
    )
  }
  await djet.query(
    `update djet.node n set title = s.title, name = case when n.title = s.title then n.name else s.title end,
       data = jsonb_strip_nulls(n.data || s.data), modified = now(), modified_by = $1, note = null, version = n.version + 1
     from ${stage.table} s where s.reason is null and s.change = 'update' and n.id = s.node_id`,
    [by],
  )
  // Another parent moves the node: apart from the rest, since the path's trigger locks the tree.
  await djet.query(
    `update djet.node n set parent_id = s.parent_id, part = case when s.nth > 1 or exists (
         select from djet.node o where o.parent_id = s.parent_id and o.part = n.part
       ) then ${ownPart('n.part', 's.number')} else n.part end
     from (
       select m.id, s.parent_id, s.number,
         row_number() over (partition by s.parent_id, m.part order by s.line) as nth
       from ${stage.table} s join djet.node m on m.id = s.node_id
       where s.reason is null and s.change = 'update' and m.parent_id <> s.parent_id
     ) s
     where n.id = s.id`,
  )
  await djet.query(
    `update ${stage.table} s set node_id = n.id from djet.node n
     where s.change = 'create' and s.reason is null and n.basetype = $1 and n.data ->> 'number' = s.number`,
    [basetype],
  )
}
