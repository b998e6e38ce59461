import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'
import { checkLimit, fromCursor, toCursor } from './cursor.ts'
import type { Node, Page } from './node.ts'
import { type NodeStore, notFound } from './node-store.ts'
import type { Branch, NodeRef } from './nodes.ts'
import { prefixesOf } from './part.ts'
import { inTransaction } from './within.ts'

/** Where an old address leads. */
export interface Redirect {
  readonly id: number
  readonly from: string
  /** The path or URL it leads to now; null: its node is in the trash. */
  readonly to: string | null
  /** The node it leads to, wherever that goes; null: a fixed place. */
  readonly nodeId: number | null
  /** Whether what is below `from` leads to the same below `to`. */
  readonly subtree: boolean
  readonly created: Date
  readonly createdBy: string | null
}

export interface NewRedirect {
  /** A path of this site where no node is. */
  from: string
  /** A node, a path of this site (with or without a query), or an http(s) URL. A node's path follows the node. */
  to: NodeRef
  /** True when absent. */
  subtree?: boolean
}

export interface RedirectListOptions {
  /** Only those from this path and below; all when absent. */
  below?: string | undefined
  /** Only those to this node. */
  to?: NodeRef | undefined
  after?: string | undefined
  /** 1 to 1000; 50 when absent. */
  limit?: number | undefined
}

/** Redirects that are followed at most to find where an address leads. */
const MOST_HOPS = 10

const COLUMNS = `r.id, r.from_path as "from", coalesce(n.path, r.to_url) as "to", r.node_id as "nodeId", r.subtree,
  r.created, r.created_by as "createdBy"`
const TABLES = 'djet.redirect r left join djet.node n on n.id = r.node_id and n.trash_id is null'

/** The redirect nearest to a path: from itself, or from the deepest place above it. */
async function nearest(connection: Connection, path: string): Promise<Redirect | undefined> {
  const rows = await connection.query<Redirect>(
    `select ${COLUMNS} from ${TABLES} where r.from_path = any($1) order by length(r.from_path) desc`,
    [prefixesOf(path)],
  )
  return rows.find((row) => row.to !== null && (row.subtree || row.from === path))
}

/**
 * Where an address that is not found leads, all steps at once; null: nowhere. A place of this site begins with `/`.
 * @throws {DjetError} REDIRECT_LOOP, 409, when it leads back to itself
 */
export async function redirectOf(store: NodeStore, path: string): Promise<string | null> {
  const seen = new Set([path])
  let place = path
  for (let hop = 0; hop <= MOST_HOPS; hop++) {
    const redirect = await nearest(store.options.connection, place)
    if (redirect === undefined) return place === path ? null : place
    const target = append(redirect.to!, place.slice(redirect.from.length))
    if (!target.startsWith('/') || /[?#]/.test(target)) return target
    if (seen.has(target)) throw loop(path)
    seen.add(target)
    if ((await store.navigate(target)).restPath === '/') return target
    place = target
  }
  throw loop(path)
}

function append(to: string, rest: string): string {
  if (rest === '' || /[?#]/.test(to)) return to
  return `${to.endsWith('/') ? to.slice(0, -1) : to}${rest}`
}

function loop(path: string): DjetError {
  return new DjetError('REDIRECT_LOOP', `redirects from ${path} lead back to it.`, {
    status: 409,
    fields: { to: 'leads back to where it comes from' },
  })
}

/** @throws {DjetError} ACCESS_DENIED: who may edit the deepest node along a path looks after redirects from there */
async function requireEdit(store: NodeStore, path: string): Promise<Branch> {
  const { branch } = await store.navigate(path)
  store.options.rights?.require('edit', branch)
  return branch
}

export async function listRedirects(
  store: NodeStore,
  options: RedirectListOptions = {},
): Promise<Page<Redirect>> {
  const limit = checkLimit(options.limit)
  const where: string[] = ['true']
  const values: unknown[] = [limit + 1]
  const value = (given: unknown) => `$${values.push(given)}`
  if (options.to === undefined || options.below !== undefined) {
    await requireEdit(store, options.below ?? '/')
  }
  if (options.below !== undefined && options.below !== '/') {
    const below = value(options.below)
    where.push(
      `(r.from_path = ${below} or (r.from_path > ${below} || '/' and r.from_path < ${below} || '0'))`,
    )
  }
  if (options.to !== undefined) {
    const branch = await store.lookUp(options.to)
    if (branch.length === 0) throw notFound(options.to)
    store.options.rights?.require('edit', branch)
    where.push(`r.node_id = ${value(branch[0]!.id)}`)
  }
  if (options.after !== undefined)
    where.push(`r.from_path > ${value(fromCursor(options.after, ['string'])[0])}`)
  const rows = await store.options.connection.query<Redirect>(
    `select ${COLUMNS} from ${TABLES} where ${where.join(' and ')} order by r.from_path limit $1`,
    values,
  )
  const items = rows.slice(0, limit)
  return { items, next: rows.length > limit ? toCursor([items.at(-1)!.from]) : null }
}

export async function addRedirect(store: NodeStore, redirect: NewRedirect): Promise<Redirect> {
  const from = checkFrom(redirect.from)
  return inTransaction(store, async (store) => {
    await requireEdit(store, from)
    if ((await store.navigate(from)).restPath === '/') {
      throw invalid('from', `has a page, which goes before any redirect: ${from}`, 'REDIRECT_TAKEN', 409)
    }
    const { nodeId, url } = await goalOf(store, redirect.to)
    const { connection, by } = store.options
    const [row] = await connection.query<{ id: number }>(
      `insert into djet.redirect (from_path, node_id, to_url, subtree, created_by) values ($1, $2, $3, $4, $5)
       on conflict do nothing returning id`,
      [from, nodeId, url, redirect.subtree ?? true, by],
    )
    if (!row) throw invalid('from', `is redirected already: ${from}`, 'REDIRECT_EXISTS', 409)
    await redirectOf(store, from)
    await redirectOf(store, `${from}/x`)
    const [made] = await connection.query<Redirect>(`select ${COLUMNS} from ${TABLES} where r.id = $1`, [
      row.id,
    ])
    await store.audit(
      'node.redirect',
      { ...(nodeId === null ? {} : { id: nodeId }), path: from, name: from },
      { to: made!.to },
    )
    return made!
  })
}

/** @throws {DjetError} REDIRECT_INVALID, 422 */
function checkFrom(given: string): string {
  let path = given.trim()
  try {
    path = decodeURI(path)
  } catch {
    // A path that is no valid encoding is taken as it stands.
  }
  path = path.normalize('NFC').replace(/(?<=.)\/+$/, '')
  const isPath = path.startsWith('/') && !path.includes('//') && !/[?#\\]|\p{Cc}|\p{Cs}/u.test(path)
  if (isPath && path !== '/' && !path.startsWith('/-/') && Buffer.byteLength(path) <= 2000) return path
  throw invalid('from', "must be a path of this site such as /old, and neither '/' nor below '/-/'")
}

/** @throws {DjetError} REDIRECT_INVALID, 422; NODE_NOT_FOUND, 404 */
async function goalOf(store: NodeStore, to: NodeRef): Promise<{ nodeId: number | null; url: string | null }> {
  const text = typeof to === 'string' ? to.trim() : to
  const branch = typeof text === 'string' && !text.startsWith('/') ? [] : await store.lookUp(text)
  const { rights } = store.options
  if (branch.length > 0 && (!rights || rights.may('view', branch))) {
    return { nodeId: branch[0]!.id, url: null }
  }
  if (typeof text !== 'string') throw notFound(text)
  const isUrl = /^\/(?![/\\])/.test(text) || (/^https?:\/\//i.test(text) && URL.canParse(text))
  if (isUrl && !/[\p{Cc}\p{Cs}\s\\]/u.test(text) && Buffer.byteLength(text) <= 4000) {
    return { nodeId: null, url: text }
  }
  throw invalid('to', 'must be a path of this site such as /new, or a URL such as https://example.com/')
}

function invalid(field: string, problem: string, code = 'REDIRECT_INVALID', status = 422): DjetError {
  return new DjetError(code, `the address ${field === 'from' ? 'to redirect' : 'to lead to'} ${problem}.`, {
    status,
    fields: { [field]: problem },
  })
}

export async function removeRedirect(store: NodeStore, id: number): Promise<void> {
  await inTransaction(store, async (store) => {
    const { connection } = store.options
    const [row] = await connection.query<{ from: string }>(
      'select from_path as "from" from djet.redirect where id = $1 for update',
      [Number.isInteger(id) && id > 0 && id <= 2_147_483_647 ? id : 0],
    )
    if (!row) throw new DjetError('REDIRECT_NOT_FOUND', 'this redirect is gone already.', { status: 404 })
    await requireEdit(store, row.from)
    await connection.query('delete from djet.redirect where id = $1', [id])
    await store.audit('node.redirect.remove', { path: row.from, name: row.from })
  })
}

/** Leads from where a node was to where it is now. */
export async function redirectFrom(store: NodeStore, path: string, node: Node): Promise<void> {
  if (path === node.path || node.status === 'draft') return
  await store.options.connection.query(
    `insert into djet.redirect (from_path, node_id, created_by) values ($1, $2, $3)
     on conflict (from_path) do update set node_id = excluded.node_id, to_url = null, subtree = true`,
    [path, node.id, store.options.by],
  )
}
