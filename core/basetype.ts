import { checkDeclared } from './check-basetype.ts'
import type { DataOf, Fields } from './field/field.ts'
import type { Acl } from './node/access.ts'
import type { Node } from './node/node.ts'

/** What a node is: its fields, where it may stand in the tree, and what answers for it. */
export interface Basetype<F extends Fields = Fields> {
  /** Unique name, e.g. `order`. */
  readonly name: string
  /** Name for people, e.g. `Order`. */
  readonly title: string
  readonly fields: F
  /** Names of the basetypes it may be a child of; absent: any. An empty list: only the root. */
  readonly parents?: readonly string[]
  /** Names of the basetypes its children may have; absent: any. */
  readonly children?: readonly string[]
  /** How many nodes of this type one site may have. */
  readonly max?: number
  /** Name of the engine that answers; absent: the default engine. */
  readonly engine?: string
  /**
   * Template of its page. `order.eta` means the file in the plugin's own `templates/`; a site replaces it with
   * `templates/<plugin>/order.eta`.
   */
  readonly template?: string
  /**
   * Its page as a Liquid template, drawn below the heading; goes before `template`. It runs no code and is cut off
   * when it takes too long, so that it may come from a form.
   */
  readonly liquid?: string
  /** Access every node of this type starts from; the node's own `acl` goes before it. */
  readonly acl?: Acl
  /** True: the site cannot do without its nodes, so no user deletes them (the system may). */
  readonly fixed?: boolean
  /** False: its nodes are not put into the trash but deleted for good, since more than the tree hangs on them. */
  readonly trash?: boolean
  /**
   * True: its nodes say who may do what, as users do, and more than the node is needed. Generic forms, programs and
   * copies make none of them, and a token changes them only with the scope `administer`.
   */
  readonly sensitive?: boolean
  /** False: its nodes are not copied, since each has what only one may have, such as a number. */
  readonly copies?: boolean
  /** False: its plugin makes its nodes, such as those that come with more than their fields; there is no generic form for that. */
  readonly newForm?: boolean
  /** False: no earlier states of its nodes are kept. For what code changes often and people do not write. */
  readonly versions?: boolean
  /** False: its nodes stand in no menu. */
  readonly menu?: boolean
  /** How children are listed: by position (default), or newest first. */
  readonly childOrder?: 'position' | 'newest'
  /** Set for a type that was made on the site, not by a plugin. */
  readonly onSite?: OnSite
}

/** What is particular to a type that was made on the site. */
export interface OnSite {
  /** Which state of it this is; counted by changes. */
  readonly version: number
  /** Fields it had once whose values are files that its nodes still hold. */
  readonly hiddenFiles: readonly string[]
}

/** A node of a given basetype, with its data typed by the fields. */
export type NodeOf<B> = B extends Basetype<infer F> ? Node<DataOf<F>> : never

/**
 * Declares a basetype. The fields, written once, give the type of `node.data` everywhere.
 *
 * @example
 * export const order = defineBasetype({
 *   name: 'order', title: 'Order', parents: ['orders'], engine: 'sales-order.order', template: 'order.eta',
 *   fields: { customer: field.str({ required: true }), placed: field.date(), total: field.price() },
 * })
 * export type Order = NodeOf<typeof order>
 * @throws {DjetError} BASETYPE_INVALID
 */
export function defineBasetype<const F extends Fields>(
  basetype: Omit<Basetype<F>, 'fields'> & { fields?: F },
): Basetype<F> {
  checkDeclared(basetype)
  return Object.freeze({ ...basetype, fields: Object.freeze({ ...basetype.fields }) as F })
}
