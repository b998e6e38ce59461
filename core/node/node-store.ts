import { type AuditEntry, type Origin, writeAudit } from '../audit.ts'
import type { Basetype } from '../basetype.ts'
import type { TaggedCache } from '../cache.ts'
import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'
import type { DataOf, Fields } from '../field/field.ts'
import { checkLimit, fromCursor, toCursor } from './cursor.ts'
import * as drafts from './draft.ts'
import { type DuplicateOptions, duplicate } from './duplicate.ts'
import { Finder, type Found } from './finder.ts'
import * as history from './history.ts'
import { move, moveReport } from './move.ts'
import type { Node, Page } from './node.ts'
import type {
  Branch,
  DeleteOptions,
  ListOptions,
  NewNode,
  NodeChange,
  NodeLink,
  NodeRef,
  Nodes,
  Place,
} from './nodes.ts'
import * as publishing from './publish.ts'
import type { Reads } from './reads.ts'
import * as redirects from './redirect.ts'
import { remove } from './remove.ts'
import type { Rights } from './rights.ts'
import { NODE_COLUMNS, type NodeRow, nodeOf } from './row.ts'
import * as trashing from './trash.ts'
import type { VersionRef } from './version.ts'
import { insert, insertMany, update } from './write.ts'

export interface StoreOptions {
  connection: Connection
  basetypes: ReadonlyMap<string, Basetype>
  /** Undefined: the system, which no rule holds back. */
  rights: Rights | undefined
  /** Login noted as the one who made or changed a node. */
  by: string | null
  /** By which door changes come; absent: they are not noted. */
  origin?: Origin
  /** Shared cache of branches; undefined inside a transaction. */
  branches: TaggedCache<Found> | undefined
  reads: Reads | undefined
}

/** The tree as one scope sees it. See `Nodes`. */
export class NodeStore implements Nodes {
  readonly options: StoreOptions
  readonly #finder: Finder

  constructor(options: StoreOptions) {
    this.options = options
    this.#finder = new Finder(options.connection, options.branches, options.reads)
  }

  async get<F extends Fields = Fields>(
    ref: NodeRef,
    basetype?: Basetype<F>,
  ): Promise<Node<DataOf<F>> | null> {
    const branch = await this.lookUp(ref)
    const node = branch[0]
    if (node === undefined || (basetype && node.basetype !== basetype.name)) return null
    if (this.options.rights && !this.options.rights.may('view', branch)) return null
    return node as unknown as Node<DataOf<F>>
  }

  async require<F extends Fields = Fields>(ref: NodeRef, basetype?: Basetype<F>): Promise<Node<DataOf<F>>> {
    const node = await this.get(ref, basetype)
    if (node === null) throw notFound(ref, basetype)
    return node
  }

  navigate(path: string): Promise<Found> {
    return this.#finder.find(path)
  }

  async branch(ref: NodeRef): Promise<Branch> {
    const branch = await this.lookUp(ref)
    const { rights } = this.options
    if (branch.length === 0) throw notFound(ref)
    // By a number one may not learn what there is, nor its path.
    if (typeof ref !== 'string' && rights && !rights.may('view', branch)) throw notFound(ref)
    rights?.require('view', branch)
    return branch
  }

  async children(parent: NodeRef | Branch, options: ListOptions = {}): Promise<Page<Node>> {
    const branch = isBranch(parent) ? parent : await this.branch(parent)
    const limit = checkLimit(options.limit)
    const { rows, newest } = await this.#list<NodeRow>(branch, options, limit + 1, NODE_COLUMNS)
    const items = rows.slice(0, limit).map(nodeOf)
    const last = items.at(-1)
    const next = rows.length > limit && last ? toCursor(newest ? [last.id] : [last.position, last.id]) : null
    return { items, next }
  }

  async links(parent: NodeRef | Branch, options: ListOptions = {}): Promise<NodeLink[]> {
    const branch = isBranch(parent) ? parent : await this.branch(parent)
    return (await this.#list<NodeLink>(branch, options, checkLimit(options.limit), 'name, path')).rows
  }

  /**
   * The sub-selects and `array_position` hide from the planner what a generic plan could not know either: so the
   * generic plan costs no more than one for these values, PostgreSQL settles on it, and it walks the parent's
   * children in order whatever the statistics of basetypes say.
   */
  async #list<Row>(branch: Branch, options: ListOptions, limit: number, columns: string) {
    this.options.rights?.require('view', branch)
    const node = branch[0]!
    this.options.reads?.children(node.id)
    const newest = this.options.basetypes.get(node.basetype)?.childOrder === 'newest'

    // Statements are prepared by name, so texts that differ need names that do.
    const shape: (string | number)[] = [
      columns === NODE_COLUMNS ? 'nodes' : 'links',
      newest ? 'newest' : 'placed',
    ]
    const values: unknown[] = [node.id, limit]
    const where = ['n.parent_id = (select $1::int)']
    const { rights } = this.options
    if (rights && !rights.mayEverywhere('view')) {
      const filter = rights.childFilter(branch, values.length + 1)
      where.push(filter.sql)
      values.push(...filter.values)
      shape.push(rights.shape)
    }
    if (options.basetype !== undefined) {
      // PostgreSQL takes no NUL, and no type has one.
      values.push([options.basetype].flat().filter((name) => !name.includes('\0')))
      where.push(`array_position($${values.length}::text[], n.basetype) is not null`)
      shape.push('types')
    }
    if (options.after !== undefined) shape.push('after')
    if (options.after !== undefined && newest) {
      values.push(...fromCursor(options.after, ['id']))
      where.push(`n.id < $${values.length}`)
    } else if (options.after !== undefined) {
      values.push(...fromCursor(options.after, ['number', 'id']))
      where.push(`(n.position, n.id) > ($${values.length - 1}, $${values.length})`)
    }
    const text = `select ${columns} from djet.node as n where ${where.join(' and ')}
      order by ${newest ? 'n.id desc' : 'n.position, n.id'} limit (select $2::int)`
    const statement = { name: `djet-children-${shape.join('-')}`, text }
    return { rows: await this.options.connection.query<Row>(statement, values), newest }
  }

  async insert<F extends Fields = Fields>(
    parent: NodeRef | null,
    node: NewNode<F>,
  ): Promise<Node<DataOf<F>>> {
    return (await insert(this, parent, node as NewNode)) as unknown as Node<DataOf<F>>
  }

  insertMany(parent: NodeRef, nodes: readonly NewNode[]): Promise<Node[]> {
    return insertMany(this, parent, nodes)
  }

  update(ref: NodeRef, change: NodeChange): Promise<Node> {
    return update(this, ref, change)
  }

  move(ref: NodeRef, place: Place): Promise<Node> {
    return move(this, ref, place)
  }

  delete(ref: NodeRef, options?: DeleteOptions): Promise<number> {
    return remove(this, ref, options)
  }

  moveReport(ref: NodeRef, place: Place) {
    return moveReport(this, ref, place)
  }

  duplicate(ref: NodeRef, options?: DuplicateOptions): Promise<Node> {
    return duplicate(this, ref, options)
  }

  trash(ref: NodeRef, options?: DeleteOptions) {
    return trashing.trash(this, ref, options)
  }

  restoreTrash(id: number, to?: trashing.TrashPlace): Promise<Node> {
    return trashing.restoreTrash(this, id, to)
  }

  listTrash(options?: trashing.TrashListOptions) {
    return trashing.listTrash(this, options)
  }

  purgeTrash(id: number) {
    return trashing.purgeTrash(this, id)
  }

  emptyTrash(before: Date, most?: number) {
    return trashing.emptyTrash(this, before, most)
  }

  redirectOf(path: string) {
    return redirects.redirectOf(this, path)
  }

  listRedirects(options?: redirects.RedirectListOptions) {
    return redirects.listRedirects(this, options)
  }

  addRedirect(redirect: redirects.NewRedirect) {
    return redirects.addRedirect(this, redirect)
  }

  removeRedirect(id: number) {
    return redirects.removeRedirect(this, id)
  }

  versions(ref: NodeRef, options?: history.VersionsOptions) {
    return history.versions(this, ref, options)
  }

  async versionOf(ref: NodeRef, version: VersionRef) {
    return history.versionOf(this, await history.editable(this, ref), version)
  }

  diff(ref: NodeRef, from: VersionRef, to: VersionRef) {
    return history.diff(this, ref, from, to)
  }

  restore(ref: NodeRef, version: VersionRef, options?: history.RestoreOptions): Promise<Node> {
    return history.restore(this, ref, version, options)
  }

  saveDraft(ref: NodeRef, change: drafts.DraftChange) {
    return drafts.saveDraft(this, ref, change)
  }

  draftOf(ref: NodeRef) {
    return drafts.draftOf(this, ref)
  }

  withDraft(ref: NodeRef): Promise<Node> {
    return drafts.withDraft(this, ref)
  }

  discardDraft(ref: NodeRef) {
    return drafts.discardDraft(this, ref)
  }

  publish(ref: NodeRef, options?: publishing.PublishOptions): Promise<Node> {
    return publishing.publish(this, ref, options)
  }

  unpublish(ref: NodeRef, options?: publishing.PublishOptions): Promise<Node> {
    return publishing.unpublish(this, ref, options)
  }

  schedule(ref: NodeRef, times: publishing.Schedule) {
    return publishing.schedule(this, ref, times)
  }

  publishState(ref: NodeRef) {
    return publishing.publishState(this, ref)
  }

  /** Notes a change that a person asked for, by whatever door; not what the site and its tasks do by themselves. */
  async audit(
    action: string,
    node: Pick<Node, 'path' | 'name'> & { readonly id?: number },
    data?: AuditEntry['data'],
  ): Promise<void> {
    const { origin, by, connection } = this.options
    if (origin === undefined || (by === null && (origin.door === 'system' || origin.door === 'job'))) return
    const entry = {
      action,
      subject: node.name,
      nodePath: node.path,
      ...(node.id === undefined ? {} : { nodeId: node.id }),
    }
    await writeAudit(connection, origin, by, data === undefined ? entry : { ...entry, data })
  }

  /** The branch of a node without asking for rights; empty when there is no such node. */
  async lookUp(ref: NodeRef): Promise<Branch> {
    if (typeof ref === 'string') {
      const found = await this.#finder.find(ref)
      return found.restPath === '/' ? found.branch : []
    }
    const id = typeof ref === 'number' ? ref : ref.id
    if (!Number.isInteger(id) || id < 1 || id > 2_147_483_647) return []
    const node = await this.#finder.byId(id)
    if (node === undefined) return []
    if (node.parentId === null) return [node]
    const above = await this.#finder.find(node.path.slice(0, Math.max(1, node.path.lastIndexOf('/'))))
    return [node, ...above.branch]
  }
}

function isBranch(ref: NodeRef | Branch): ref is Branch {
  return Array.isArray(ref)
}

export function notFound(ref: NodeRef, basetype?: Pick<Basetype, 'title'>): DjetError {
  const which = typeof ref === 'object' ? ref.id : ref
  return new DjetError('NODE_NOT_FOUND', `there is no ${basetype?.title.toLowerCase() ?? 'page'} ${which}.`, {
    status: 404,
  })
}
