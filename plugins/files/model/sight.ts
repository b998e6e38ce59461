import { type Branch, type Djet, decide, type Node, rolesOf } from '../../../core/index.ts'

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
    const { app, system, user } = this.#djet
    if (system) return true
    const above = node.parentId === null ? [] : await this.#above(node.parentId)
    return decide([node, ...above], app.basetypes, rolesOf(user), permission).allowed
  }

  async #above(id: number): Promise<Branch> {
    const known = this.#branches.get(id)
    if (known) return known
    const branch = await this.#djet.asSystem().nodes.branch(id)
    this.#branches.set(id, branch)
    return branch
  }
}
