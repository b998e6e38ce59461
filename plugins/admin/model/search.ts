import { checkLimit, type Djet, fromCursor, type Node, type Page, toCursor } from '../../../core/index.ts'

export interface SearchOptions {
  /** `next` of the page before. */
  after?: string | undefined
  /** 1 to 1000; 50 when absent. */
  limit?: number | undefined
}

interface Hit {
  readonly id: number
  readonly key: string
  /** Found by its title, when its name finds it as well. */
  readonly again?: boolean
}

/** Found nodes that are looked at for one page, of which the user may see only some. */
const MOST_LOOKED_AT = 1000

/**
 * Nodes whose name or title begins with a text, whatever its capitals; of a text that begins with `/` those whose
 * path does. What the user may not see is left out. One page by key, in the order of what was found.
 *
 * @example await searchNodes(djet, 'chai')
 */
export async function searchNodes(
  djet: Djet,
  query: string,
  options: SearchOptions = {},
): Promise<Page<Node>> {
  const limit = checkLimit(options.limit)
  const text = query.trim().replaceAll('\0', '').slice(0, 200)
  if (text === '') return { items: [], next: null }
  const find = text.startsWith('/') ? byPath : byText
  const items: Node[] = []
  let [key = '', id = 0] = options.after
    ? (fromCursor(options.after, ['string', 'id']) as [string, number])
    : []
  for (let looked = 0; looked < MOST_LOOKED_AT; ) {
    const hits = await find(djet, text, { key, id }, limit + 1)
    for (const hit of hits) {
      if (items.length === limit) return { items, next: toCursor([key, id]) }
      ;({ key, id } = hit)
      if (hit.again) continue
      const node = await djet.nodes.get(hit.id)
      if (node) items.push(node)
    }
    if (hits.length <= limit) return { items, next: null }
    looked += hits.length
  }
  return { items, next: toCursor([key, id]) }
}

function byPath(djet: Djet, text: string, { key }: Hit, limit: number): Promise<Hit[]> {
  return djet.query<Hit>(
    `select id, path as key from djet.node
     where path >= $1 and path < $2 and path > $3 order by path limit $4`,
    [text, next(text), key, limit],
  )
}

/**
 * One range of the index. What is found by its title as well as by its name comes again, where it is left out by the
 * caller, lest a range be read to its end. The limit in the lateral query keeps the order of the index.
 */
function byText(djet: Djet, text: string, { key, id }: Hit, limit: number): Promise<Hit[]> {
  const lower = text.toLowerCase()
  return djet.query<Hit>(
    `select f.node_id as id, f.key,
       exists (select from admin.found_by o where o.node_id = f.node_id and o.key >= $1 and o.key < f.key) as again
     from (select key, node_id from admin.found_by where key < $2 and (key, node_id) > ($3, $4) order by key, node_id) f
     cross join lateral (select from djet.node n where n.id = f.node_id and n.trash_id is null limit 1) as there
     order by f.key, f.node_id limit $5`,
    // One lower bound: of two, the index would be read from the lesser.
    [lower, next(lower), ...(key === '' ? [lower, 0] : [key, id]), limit],
  )
}

/** The least text in the order of code points that is beyond all that begin with a text. */
function next(text: string): string {
  const points = [...text]
  const last = points.pop()!.codePointAt(0)!
  const following = last + 1 === 0xd800 ? 0xe000 : Math.min(last + 1, 0x10ffff)
  return points.join('') + String.fromCodePoint(following)
}
