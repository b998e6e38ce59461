import { checkLimit, type Djet, fromCursor, type Page, toCursor } from '../../../core/index.ts'
import type { Content, Contents } from './contents.ts'
import { LISTED, type ListedNode, Sight } from './sight.ts'

/** A file of the library with what its content is; null: its content is gone. */
export interface LibraryFile {
  readonly node: ListedNode
  readonly content: Content | null
}

export interface ListFilesOptions {
  /** Only images that browsers show. */
  images?: boolean
  /** `next` of the page before. */
  after?: string | undefined
  /** 1 to 200; 50 when absent. */
  limit?: number | undefined
}

/** Rows that are looked at for one page, of which the user may see only some. */
const MOST_LOOKED_AT = 2000

/** Files of a folder, the latest first. One page by key. */
export function listFiles(
  djet: Djet,
  contents: Contents,
  folderId: number,
  options: ListFilesOptions = {},
): Promise<Page<LibraryFile>> {
  return pageOf(djet, contents, options, (before, limit) =>
    djet.query<ListedNode>(
      `select ${LISTED} from djet.node n
       where n.parent_id = $1 and n.id < $2 and n.basetype = 'file' order by n.id desc limit $3`,
      [folderId, before, limit],
    ),
  )
}

/**
 * Files of the whole library in whose name, title or alternative text words begin as given, the latest first.
 * @example await searchFiles(djet, contents, 'chai photo', { images: true })
 */
export async function searchFiles(
  djet: Djet,
  contents: Contents,
  text: string,
  options: ListFilesOptions = {},
): Promise<Page<LibraryFile>> {
  const words = text
    .slice(0, 200)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .slice(0, 8)
  if (words.length === 0) return { items: [], next: null }
  const query = words.map((word) => `${word}:*`).join(' & ')
  const isCommon = await isFoundOften(djet, query)
  return pageOf(djet, contents, options, (before, limit) =>
    djet.query<ListedNode>(isCommon ? BY_ID : BY_WORDS, [query, before, limit]),
  )
}

const FOUND = `n.basetype = 'file' and n.trash_id is null
  and files.words(n.name, n.title, n.data) @@ to_tsquery('simple', $1)`

/** More files than these are found sooner among the latest ones than by the index of words. */
const OFTEN = 20_000

/** Goes through the latest files: words that many have are met at once. */
const BY_ID = `select ${LISTED} from djet.node n
  where ${FOUND} and n.id < $2 order by n.id desc limit $3`

/** Goes by the words: few have them. */
const BY_WORDS = `with found as materialized (select n.id from djet.node n where ${FOUND})
  select ${LISTED} from (select id from found where id < $2 order by id desc limit $3) as f
  join djet.node n on n.id = f.id order by n.id desc`

async function isFoundOften(djet: Djet, query: string): Promise<boolean> {
  const [row] = await djet.query<{ n: number }>(
    `select count(*) as n from (select from djet.node n where ${FOUND} limit ${OFTEN}) as found`,
    [query],
  )
  return row?.n === OFTEN
}

async function pageOf(
  djet: Djet,
  contents: Contents,
  { after, images = false, ...options }: ListFilesOptions,
  read: (before: number, limit: number) => Promise<ListedNode[]>,
): Promise<Page<LibraryFile>> {
  const limit = checkLimit(options.limit, 200)
  let before = after ? (fromCursor(after, ['id'])[0] as number) : 2_147_483_647
  const sight = new Sight(djet)
  const items: LibraryFile[] = []
  for (let looked = 0; looked < MOST_LOOKED_AT; ) {
    const rows = await read(before, limit + 1)
    const known = await contents.list(djet, rows.flatMap(fileIdOf))
    for (const node of rows) {
      if (items.length === limit) return { items, next: toCursor([before]) }
      before = node.id
      const content = known.get(String(node.data.file)) ?? null
      if ((!images || content?.isImage) && (await sight.sees(node))) items.push({ node, content })
    }
    if (rows.length <= limit) return { items, next: null }
    looked += rows.length
  }
  return { items, next: toCursor([before]) }
}

function fileIdOf({ data }: ListedNode): string[] {
  return typeof data.file === 'string' && /^[0-9a-f-]{36}$/i.test(data.file) ? [data.file] : []
}

/** The latest files of the whole library. */
export function latestFiles(
  djet: Djet,
  contents: Contents,
  options: ListFilesOptions = {},
): Promise<Page<LibraryFile>> {
  return pageOf(djet, contents, options, (before, limit) =>
    djet.query<ListedNode>(
      `select ${LISTED} from djet.node n
       where n.basetype = 'file' and n.id < $1 order by n.id desc limit $2`,
      [before, limit],
    ),
  )
}

/** Folders of a folder by name. One page by key. */
export async function listFolders(
  djet: Djet,
  folderId: number,
  options: { after?: string | undefined; limit?: number } = {},
): Promise<Page<ListedNode>> {
  const limit = checkLimit(options.limit, 200)
  let [key = '', id = 0] = options.after
    ? (fromCursor(options.after, ['string', 'id']) as [string, number])
    : []
  const sight = new Sight(djet)
  const items: ListedNode[] = []
  for (let looked = 0; looked < MOST_LOOKED_AT; ) {
    const rows = await djet.query<ListedNode & { key: string }>(
      `select ${LISTED}, left(lower(n.name), 200) as key from djet.node n
       where n.parent_id = $1 and n.basetype = 'folder' and n.trash_id is null
         and (left(lower(n.name), 200) collate "C", n.id) > ($2, $3)
       order by left(lower(n.name), 200) collate "C", n.id limit $4`,
      [folderId, key, id, limit + 1],
    )
    for (const { key: rowKey, ...node } of rows) {
      if (items.length === limit) return { items, next: toCursor([key, id]) }
      ;[key, id] = [rowKey, node.id]
      if (await sight.sees(node)) items.push(node)
    }
    if (rows.length <= limit) return { items, next: null }
    looked += rows.length
  }
  return { items, next: toCursor([key, id]) }
}
