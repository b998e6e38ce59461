import type { Branch, Djet, Node } from '../../../core/index.ts'

/** What is read of a node to list it. */
export type ListedNode = Pick<
  Node,
  'id' | 'parentId' | 'path' | 'basetype' | 'name' | 'title' | 'data' | 'acl' | 'status' | 'version'
>

/** Its columns, of `djet.node as n`. */
export const LISTED = `n.id, n.parent_id as "parentId", n.path, n.basetype, n.name, n.title, n.data, n.acl, n.status,
  n.version`

/** Tells which of listed nodes the scope's user may view; what stands above them is read once. */
export class Sight {
  readonly #djet: Djet
  readonly #branches = new Map<number, Branch>()

  constructor(djet: Djet) {
    this.#djet = djet
  }

  sees(node: ListedNode): Promise<boolean> {
    return this.#may('view', node)
  }

  /** Drafts are seen by those who may edit. */
  seesDraft(node: ListedNode): Promise<boolean> {
    return this.#may('edit', node)
  }

  async #may(permission: string, node: ListedNode): Promise<boolean> {
    if (this.#djet.system) return true
    const above = node.parentId === null ? [] : await this.#above(node.parentId)
    // Of the node itself no more is asked than was read.
    return this.#djet.may(permission, [node as Node, ...above])
  }

  async #above(id: number): Promise<Branch> {
    const known = this.#branches.get(id)
    if (known) return known
    const branch = await this.#djet.asSystem().nodes.branch(id)
    this.#branches.set(id, branch)
    return branch
  }
}
