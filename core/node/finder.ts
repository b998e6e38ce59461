import type { TaggedCache } from '../cache.ts'
import type { Connection, NamedStatement } from '../db/connection.ts'
import type { Node } from './node.ts'
import type { Branch } from './nodes.ts'
import { prefixesOf } from './part.ts'
import type { Reads } from './reads.ts'
import { NODE_COLUMNS, NOT_TRASHED, type NodeRow, nodeOf } from './row.ts'

/** Deeper paths than this have no node: each level is one probe of the path index. */
const MAX_DEPTH = 64

/** One statement for each depth; the first is never used. */
const BRANCH_OF: readonly NamedStatement[] = Array.from({ length: MAX_DEPTH + 1 }, (_, depth) => ({
  name: `djet-branch-${depth}`,
  text: `select ${NODE_COLUMNS} from djet.node
    where path in (${Array.from({ length: depth }, (_, i) => `$${i + 1}`).join(', ')})`,
}))

/** A branch and what is left of the path behind its first node. */
export interface Found {
  readonly branch: Branch
  /** `/` when the path is the first node's own. */
  readonly restPath: string
}

/**
 * Finds branches: one query whatever the size of the tree, or none when the branch is cached. A list of single
 * parameters (rather than `any($1)`) lets PostgreSQL settle on a generic plan, a third faster.
 */
export class Finder {
  readonly #connection: Connection
  readonly #cache: TaggedCache<Found> | undefined
  readonly #reads: Reads | undefined

  /** @param cache absent inside a transaction, which must see its own writes */
  constructor(connection: Connection, cache: TaggedCache<Found> | undefined, reads: Reads | undefined) {
    this.#connection = connection
    this.#cache = cache
    this.#reads = reads
  }

  /** The longest branch along a path; empty when there is no root yet. */
  async find(path: string): Promise<Found> {
    const cached = this.#cache?.get(path)
    if (cached) return this.#record(cached)
    const moment = this.#cache?.moment ?? 0
    const prefixes = prefixesOf(path).slice(-MAX_DEPTH)
    const rows = await this.#connection.query<NodeRow>(BRANCH_OF[prefixes.length]!, prefixes)
    const branch = rows.sort((a, b) => b.path.length - a.path.length).map(nodeOf)
    const base = branch[0]
    const restPath = base === undefined ? path : path.slice(base.path === '/' ? 0 : base.path.length) || '/'
    const found: Found = { branch, restPath: base?.path === path ? '/' : restPath }
    this.#cache?.set(path, found, tagsOf(found), moment)
    return this.#record(found)
  }

  async byId(id: number): Promise<Node | undefined> {
    this.#reads?.node(id)
    const rows = await this.#connection.query<NodeRow>(
      { name: 'djet-node', text: `select ${NODE_COLUMNS} from djet.node where id = $1 and ${NOT_TRASHED}` },
      [id],
    )
    return rows[0] && nodeOf(rows[0])
  }

  #record(found: Found): Found {
    if (this.#reads) for (const tag of tagsOf(found)) this.#reads.tags.add(tag)
    return found
  }
}

function tagsOf({ branch, restPath }: Found): string[] {
  const tags = branch.map((node) => `n${node.id}`)
  // A child made later would take over a path that now is a rest path.
  if (restPath !== '/' && branch[0]) tags.push(`c${branch[0].id}`)
  return tags
}
