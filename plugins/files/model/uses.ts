import {
  checkLimit,
  type Djet,
  type Fields,
  fromCursor,
  type Node,
  type Page,
  toCursor,
} from '../../../core/index.ts'
import { LISTED, type ListedNode, Sight } from './sight.ts'

/** A page that uses a file. */
export interface Use {
  readonly node: ListedNode
  /** Names of the fields that do; of a column of rows `lines.photo`. */
  readonly fields: readonly string[]
  /** Its draft does, and what is published does not. */
  readonly inDraft: boolean
  /** It holds the content itself, and keeps it when the file is replaced or deleted. */
  readonly keepsContent: boolean
}

/** Uses that are counted one by one. */
export const MOST_COUNTED = 100

/** Pages that use a file and that the user may see, by id; drafts that do for those who may edit them. */
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
    const rows = await djet.query<ListedNode & { fields: string[]; inDraft: boolean }>(
      `select ${LISTED}, u.fields, u."inDraft"
       from (select node_id, bool_and(draft) as "inDraft", coalesce(array_agg(field order by field) filter (where not draft),
           array_agg(field order by field)) as fields
         from files.use
         where target_id = $1 and node_id > $2 group by node_id order by node_id limit $3) as u
       join djet.node n on n.id = u.node_id order by n.id`,
      [targetId, last, limit + 1],
    )
    for (const { fields, inDraft, ...node } of rows) {
      if (items.length === limit) return { items, next: toCursor([last]) }
      last = node.id
      if (node.path.startsWith('trash:')) continue
      if (!(await sight.sees(node)) || (inDraft && !(await sight.seesDraft(node)))) continue
      const known: Fields = djet.app.basetypes.get(node.basetype)?.fields ?? {}
      const keepsContent = fields.every((name) => known[name]?.type === 'file')
      items.push({ node, fields, inDraft, keepsContent })
    }
    if (rows.length <= limit) return { items, next: null }
    looked += rows.length
  }
  return { items, next: toCursor([last]) }
}

/**
 * How many pages use a file, seen or not, drafts of theirs as well, of those that are not in the trash;
 * `MOST_COUNTED` + 1 for more.
 */
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

const BELOW = "t.path > $1 || '/' and t.path < $1 || '0'"

/** Files below a page that others than the pages below it use; `MOST_COUNTED` + 1 for more. */
export async function countUsedBelow(djet: Djet, path: string): Promise<number> {
  const [row] = await djet.query<{ n: number }>(
    `select count(*) as n from (select from djet.node t where ${BELOW} and t.basetype = 'file' and exists (
       select from files.use u join djet.node n on n.id = u.node_id and n.trash_id is null
       where u.target_id = t.id and n.path <> $1 and not (n.path > $1 || '/' and n.path < $1 || '0'))
       limit ${MOST_COUNTED + 1}) as used`,
    [path],
  )
  return row?.n ?? 0
}

/** What is said before a page is deleted: that it, or files below it, are in use. */
export async function warningsOf(
  djet: Djet,
  node: Pick<Node, 'id' | 'path' | 'basetype'>,
): Promise<string[]> {
  const isFile = node.basetype === 'file'
  if (!isFile && !(await hasFolders(djet, node))) return []
  const used = isFile ? await countUses(djet, node.id) : await countUsedBelow(djet, node.path)
  if (used === 0) return []
  const many = used > MOST_COUNTED
  const message = isFile
    ? many
      ? djet.t('More than {{most, number}} pages use it.', { most: MOST_COUNTED })
      : djet.t('{{count, number}} pages use it.', { count: used })
    : many
      ? djet.t('More than {{most, number}} files in it are in use.', { most: MOST_COUNTED })
      : djet.t('{{count, number}} files in it are in use.', { count: used })
  return [`${message} ${djet.t('What shows them or links to them will be broken until they are back.')}`]
}

/** Whether a page may have files below it: they stand in folders alone, of which there are few. */
async function hasFolders(djet: Djet, { path, basetype }: Pick<Node, 'path' | 'basetype'>): Promise<boolean> {
  if (basetype === 'folder') return true
  const [row] = await djet.query<{ found: boolean }>(
    `with t as materialized (select path from djet.node where basetype = 'folder')
     select exists (select from t where ${BELOW}) as found`,
    [path],
  )
  return row?.found ?? false
}
