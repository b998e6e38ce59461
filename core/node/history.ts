import { DjetError } from '../error.ts'
import { changed, columnsOf, filled, putInto } from './change.ts'
import { checkLimit } from './cursor.ts'
import { type Difference, diffVersions } from './diff.ts'
import { lostUpdate } from './lost-update.ts'
import type { Node, Page } from './node.ts'
import { type NodeStore, notFound } from './node-store.ts'
import type { NodeRef } from './nodes.ts'
import { save } from './save.ts'
import { requireIfShown } from './shown.ts'
import {
  currentVersion,
  infoOf,
  parseVersion,
  type Version,
  type VersionInfo,
  type VersionRef,
  type VersionRow,
  versionOfRow,
} from './version.ts'
import { basetypeOf, inTransaction, lock } from './within.ts'

export interface VersionsOptions {
  /** `next` of the page before: older ones follow. */
  before?: VersionRef | undefined
  /** 1 to 1000; 50 when absent. */
  limit?: number | undefined
}

export interface RestoreOptions {
  ifVersion?: VersionRef
  note?: string
}

const INFO = 'version, draft, open, name, title, status, saved, saved_by, note'
const CURRENT_INFO = `version, 0 as draft, false as open, name, title, status, modified as saved,
  modified_by as saved_by, note`

/** A node whose history is asked for. @throws {DjetError} NODE_NOT_FOUND, ACCESS_DENIED: it needs `edit` */
export async function editable(store: NodeStore, ref: NodeRef): Promise<Node> {
  const branch = await store.lookUp(ref)
  const { rights } = store.options
  if (branch.length === 0 || (rights && !rights.may('view', branch))) throw notFound(ref)
  rights?.require('edit', branch)
  return branch[0]!
}

export async function versions(
  store: NodeStore,
  ref: NodeRef,
  options: VersionsOptions = {},
): Promise<Page<VersionInfo>> {
  const node = await editable(store, ref)
  const limit = checkLimit(options.limit)
  const { version, draft } =
    options.before === undefined ? { version: 2_147_483_647, draft: 0 } : parseVersion(options.before)
  const rows = await store.options.connection.query<VersionRow>(
    `(select ${INFO}, false as current from djet.node_version
      where node_id = $1 and (version, draft) < ($2, $3) order by version desc, draft desc limit $4)
     union all
     (select ${CURRENT_INFO}, true as current from djet.node where id = $1 and (version, 0) < ($2::int, $3::int))
     order by version desc, draft desc limit $4`,
    [node.id, version, draft, limit + 1],
  )
  const items = rows.slice(0, limit).map(infoOf)
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null }
}

/** A version of a node that may be edited. @throws {DjetError} VERSION_NOT_FOUND, 404 */
export async function versionOf(store: NodeStore, node: Node, ref: VersionRef): Promise<Version> {
  const { version, draft } = parseVersion(ref)
  const { connection } = store.options
  if (version === node.version && draft === 0) {
    const [row] = await connection.query<{ note: string | null }>(
      'select note from djet.node where id = $1',
      [node.id],
    )
    return currentVersion(node, row?.note)
  }
  const [row] = await connection.query<VersionRow>(
    `select node_id, basetype, part, data, acl, ${INFO}, false as current from djet.node_version
     where node_id = $1 and version = $2 and draft = $3`,
    [node.id, version, draft],
  )
  if (row) return versionOfRow(row)
  throw new DjetError('VERSION_NOT_FOUND', `no version ${ref} of ${node.path} is kept.`, { status: 404 })
}

/** The draft that is being worked on, if there is one. */
export async function openDraft(store: NodeStore, node: Pick<Node, 'id'>): Promise<Version | null> {
  const [row] = await store.options.connection.query<VersionRow>(
    `select node_id, basetype, part, data, acl, ${INFO}, false as current from djet.node_version
     where node_id = $1 and open`,
    [node.id],
  )
  return row ? versionOfRow(row) : null
}

/** Field by field what differs between two versions; rules of the node for those who administer it. */
export async function diff(
  store: NodeStore,
  ref: NodeRef,
  from: VersionRef,
  to: VersionRef,
): Promise<Difference[]> {
  const node = await editable(store, ref)
  const [before, after] = [await versionOf(store, node, from), await versionOf(store, node, to)]
  const differences = diffVersions(basetypeOf(store, node.basetype), before, after)
  const { rights } = store.options
  if (rights === undefined || rights.may('administer', await store.lookUp(node))) return differences
  return differences.filter(({ field }) => field !== 'acl')
}

/** Puts an earlier state back as a new version: name, title, and the fields that forms change. */
export async function restore(
  store: NodeStore,
  ref: NodeRef,
  version: VersionRef,
  { ifVersion, note }: RestoreOptions = {},
): Promise<Node> {
  return inTransaction(store, async (store) => {
    const branch = await lock(store, ref, 'no key update')
    const node = branch[0]!
    requireIfShown(store, branch)
    const old = await versionOf(store, node, version)
    if (ifVersion !== undefined && String(ifVersion) !== String(node.version)) {
      throw await lostUpdate(store, node, currentVersion(node), ifVersion, old)
    }
    const { name, title, data } = putInto(store, node, old)
    // What was right then may not fit the fields of today.
    const content = await changed(store, node, { name, title, data: known(store, node, data) })
    const all = { name, title, data: filled({ ...data, ...content.data }) }
    const restored = await save(store, node, branch[1], columnsOf(all), { note: note ?? `version ${old.id}` })
    await store.audit('node.restore', restored, { version: old.id })
    return restored
  })
}

/** The fields of today among what is stored; empty ones as null, so that what is required is asked for. */
function known(
  store: NodeStore,
  node: Node,
  data: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { fields } = basetypeOf(store, node.basetype)
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, field]) => field.storage)
      .map(([name]) => [name, data[name] ?? null]),
  )
}
