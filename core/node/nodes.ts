import type { Basetype } from '../basetype.ts'
import type { DataOf, Fields } from '../field/field.ts'
import type { Acl } from './access.ts'
import type { NodeHistory, NodeMoving, NodePublishing, NodeRedirects, NodeTrash } from './editing.ts'
import type { Found } from './finder.ts'
import type { Node, Page } from './node.ts'
import type { VersionRef } from './version.ts'

/** A node by id, by path, or itself. */
export type NodeRef = number | string | Pick<Node, 'id'>

/** A basetype, or its name. */
export type BasetypeRef<F extends Fields = Fields> = Basetype<F> | string

export interface NewNode<F extends Fields = Fields> {
  basetype: BasetypeRef<F>
  /** Its segment; made from the name when absent. */
  part?: string
  /** Short name; the part when absent. */
  name?: string
  /** Heading; the name when absent. */
  title?: string
  /** Values of its fields, as JSON or as form text; checked by the fields. */
  data?: Readonly<Record<string, unknown>>
  acl?: Acl | null
  /**
   * `draft`: visitors do not see it until it is published. Absent: published by code without a user and by those who may
   * `publish` it, a draft of others, as the node that comes back says. `published` by others is refused.
   */
  status?: 'published' | 'draft'
}

export interface NodeChange {
  part?: string
  name?: string
  title?: string
  /** Merged into the stored data, field by field; null or undefined empties a field. */
  data?: Readonly<Record<string, unknown>>
  acl?: Acl | null
  /** Refuse (NODE_CHANGED, 409, with both states in `details`) unless the stored version is this one. */
  ifVersion?: VersionRef
  /** The same as `ifVersion`. */
  version?: number
  /** A line about the change, kept with the version. */
  note?: string
}

export interface Place {
  /** New parent; absent: it stays under the one it has. */
  parent?: NodeRef
  /** New segment. */
  part?: string
  /** Sibling it shall stand before, or after; absent: last. */
  before?: NodeRef
  after?: NodeRef
  /** Refuse (NODE_CHANGED, 409) unless the stored version is this one. */
  ifVersion?: VersionRef
}

/** Which version is meant to go. */
export interface DeleteOptions {
  /** Refuse (NODE_CHANGED, 409) unless the stored version is this one. */
  ifVersion?: VersionRef
}

export interface ListOptions {
  /** Only nodes of these types. */
  basetype?: string | readonly string[]
  /** How many, 1 to 1000; 50 when absent. */
  limit?: number
  /** Cursor from `Page.next`. */
  after?: string | undefined
}

/** A branch: the node itself first, then its parents up to the root. */
export type Branch = readonly Node[]

/** What leads to a node. */
export interface NodeLink {
  readonly name: string
  readonly path: string
}

/**
 * The tree, as the scope's user may see and change it; as system: all of it. Reading what one may not view gives
 * null or leaves it out; changing it is refused (ACCESS_DENIED).
 */
export interface Nodes extends NodeHistory, NodePublishing, NodeTrash, NodeRedirects, NodeMoving {
  /**
   * A node by id or path, or null. With a basetype its data is typed; a node of another type gives null.
   * @example const order = await djet.nodes.get(params.orderId, orderBasetype)
   */
  get<D extends Fields = Fields>(ref: NodeRef, basetype?: Basetype<D>): Promise<Node<DataOf<D>> | null>
  /** Like `get`. @throws {DjetError} NODE_NOT_FOUND, status 404 */
  require<D extends Fields = Fields>(ref: NodeRef, basetype?: Basetype<D>): Promise<Node<DataOf<D>>>
  /**
   * The navigator: the longest branch of nodes along a path and the rest path behind it. It tells what is there,
   * not whether it may be seen.
   */
  navigate(path: string): Promise<Found>
  /** The node and its parents up to the root. */
  branch(ref: NodeRef): Promise<Branch>
  /** Children in order, one page. A branch that was read already is not looked up again. */
  children(parent: NodeRef | Branch, options?: ListOptions): Promise<Page<Node>>
  /** Names and paths of the first children: what a menu needs, for a fraction of what whole nodes cost. */
  links(parent: NodeRef | Branch, options?: ListOptions): Promise<NodeLink[]>
  /**
   * @throws {DjetError} NODE_PARENT_REFUSED, NODE_CHILD_REFUSED, NODE_MAX, NODE_PART_INVALID, NODE_EXISTS (409),
   * FIELD_INVALID (422, with `fields`), ACCESS_DENIED
   */
  insert<F extends Fields = Fields>(parent: NodeRef | null, node: NewNode<F>): Promise<Node<DataOf<F>>>
  /** Many children of one parent in one statement; all or none. */
  insertMany(parent: NodeRef, nodes: readonly NewNode[]): Promise<Node[]>
  /** Changes a node; a new part moves its whole subtree. */
  update(ref: NodeRef, change: NodeChange): Promise<Node>
  /** Moves or reorders a node with its subtree. @throws {DjetError} NODE_MOVE_INTO_ITSELF (409) and those of insert */
  move(ref: NodeRef, place: Place): Promise<Node>
  /** Deletes a node with its subtree for good (see `trash`); the number of nodes that went. */
  delete(ref: NodeRef, options?: DeleteOptions): Promise<number>
}
