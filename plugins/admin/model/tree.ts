import { type Branch, type Djet, type Node, toCursor } from '../../../core/index.ts'

/** Children that are shown of one node at a time. */
export const CHILDREN = 100
/** Nodes that may be open at a time. */
export const MOST_OPEN = 60

/** What of the tree is shown. */
export interface TreeState {
  /** Ids of the nodes whose children are shown. */
  readonly open: ReadonlySet<number>
  /** Where the children of a node begin, by its id: cursors. */
  readonly from: ReadonlyMap<number, string>
  /** The chosen node and its parents. */
  readonly chosen: Branch
}

/** One line of the tree. */
export interface TreeRow {
  readonly node: Node
  /** Name of its basetype for people. */
  readonly type: string
  readonly hasChildren: boolean
  /** Null while it is closed. */
  readonly list: TreeList | null
}

/** Children of one node, one page. */
export interface TreeList {
  readonly parent: number
  readonly rows: readonly TreeRow[]
  readonly next: string | null
  /** It does not begin at the first child. */
  readonly isLater: boolean
}

/** The whole tree as far as it is open, with its root as the only row of the list. */
export async function treeOf(djet: Djet, state: TreeState): Promise<TreeRow> {
  const branch = await djet.nodes.branch('/')
  return { ...(await rowOf(djet, branch[0]!, true)), list: await listOf(djet, branch, state) }
}

/** One page of the children of a node, with theirs where these are open. */
export async function listOf(djet: Djet, branch: Branch, state: TreeState): Promise<TreeList> {
  const parent = branch[0]!
  const asked = state.from.get(parent.id)
  let after = asked
  let page = await djet.nodes.children(branch, { limit: CHILDREN, ...(after ? { after } : {}) })
  const depth = state.chosen.findIndex(({ id }) => id === parent.id)
  const wanted = depth > 0 ? state.chosen[depth - 1] : undefined
  if (asked === undefined && wanted && page.next && !page.items.some(({ id }) => id === wanted.id)) {
    // Far down in a long list: it begins with the one that leads to what is chosen.
    const isNewest = djet.app.basetypes.get(parent.basetype)?.childOrder === 'newest'
    after = toCursor(isNewest ? [wanted.id + 1] : [wanted.position, wanted.id - 1])
    page = await djet.nodes.children(branch, { limit: CHILDREN, after })
  }
  const parents = await withChildren(djet, page.items)
  const rows: TreeRow[] = []
  for (const node of page.items) {
    const hasChildren = parents.has(node.id)
    const isOpen = hasChildren && state.open.has(node.id)
    const list = isOpen ? await listOf(djet, [node, ...branch], state) : null
    rows.push({ ...(await rowOf(djet, node, hasChildren)), list })
  }
  return { parent: parent.id, rows, next: page.next, isLater: after !== undefined }
}

async function rowOf(djet: Djet, node: Node, hasChildren: boolean): Promise<TreeRow> {
  const type = djet.app.basetypes.get(node.basetype)?.title ?? node.basetype
  return { node, type, hasChildren, list: null }
}

/** Ids of those that have children: a look into the index for each, however many there are. */
export async function withChildren(djet: Djet, nodes: readonly Node[]): Promise<ReadonlySet<number>> {
  const rows = await djet.query<{ id: number }>(
    `select id from unnest($1::int[]) as given (id)
     where exists (select from djet.node n where n.parent_id = given.id)`,
    [nodes.map(({ id }) => id)],
  )
  return new Set(rows.map(({ id }) => id))
}

/** The siblings a node stands between; null where there is none. */
export async function neighboursOf(
  djet: Djet,
  node: Node,
): Promise<{ before: number | null; after: number | null }> {
  const [row] = await djet.query<{ before: number | null; after: number | null }>(
    `select
       (select id from djet.node where parent_id = $1 and (position, id) < ($2, $3)
        order by position desc, id desc limit 1) as before,
       (select id from djet.node where parent_id = $1 and (position, id) > ($2, $3)
        order by position, id limit 1) as after`,
    [node.parentId, node.position, node.id],
  )
  return row ?? { before: null, after: null }
}
