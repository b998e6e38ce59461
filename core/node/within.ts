import type { Basetype } from '../basetype.ts'
import { DjetError, didYouMean } from '../error.ts'
import { holdTypes } from '../site-type/hold.ts'
import type { Permission } from './access.ts'
import { NodeStore, notFound } from './node-store.ts'
import type { BasetypeRef, Branch, NodeRef } from './nodes.ts'
import { NODE_COLUMNS, NOT_TRASHED, type NodeRow, nodeOf } from './row.ts'

/** @throws {DjetError} BASETYPE_UNKNOWN, 422 */
export function basetypeOf(store: NodeStore, ref: BasetypeRef): Basetype {
  const name = typeof ref === 'string' ? ref : ref.name
  const basetype = store.options.basetypes.get(name)
  if (basetype) return basetype
  throw new DjetError(
    'BASETYPE_UNKNOWN',
    `there is no basetype '${name}'.${didYouMean(name, store.options.basetypes.keys())}`,
    { status: 422 },
  )
}

/**
 * Refuses to make a node that only the code of its plugin makes.
 * @throws {DjetError} BASETYPE_OWN_FORM, 403
 */
export function refuseSensitive({ options }: NodeStore, basetype: Basetype): void {
  if (options.rights === undefined || basetype.sensitive !== true) return
  throw ownForm(basetype)
}

/** Says that nodes of a sensitive type are not made like pages. */
export function ownForm({ title }: Basetype): DjetError {
  const message = `a ${title.toLowerCase()} is made by a form of its own, not like a page.`
  return new DjetError('BASETYPE_OWN_FORM', message, { status: 403 })
}

/**
 * The branch of a node below which something is to be put.
 * @throws {DjetError} NODE_NOT_FOUND, ACCESS_DENIED
 */
export async function parentOf(store: NodeStore, ref: NodeRef): Promise<Branch> {
  const branch = await store.lookUp(ref)
  const { rights } = store.options
  if (branch.length === 0 || (rights && !rights.may('view', branch))) throw notFound(ref)
  rights?.require('edit', branch)
  return branch
}

/** The same store on a transaction's connection: a savepoint when the scope is in one already. */
export function inTransaction<T>(store: NodeStore, work: (store: NodeStore) => Promise<T>): Promise<T> {
  return store.options.connection.transaction((connection) =>
    work(new NodeStore({ ...store.options, connection, branches: undefined })),
  )
}

/**
 * Locks a node for a change, or to be deleted. A change lets inserts below the node go on.
 * @throws {DjetError} NODE_NOT_FOUND, ACCESS_DENIED
 */
export async function lock(
  store: NodeStore,
  ref: NodeRef,
  strength: 'no key update' | 'update',
): Promise<Branch> {
  const branch = await store.lookUp(ref)
  const { rights, connection } = store.options
  if (branch.length === 0 || (rights && !rights.may('view', branch))) throw notFound(ref)
  rights?.require('edit', branch)
  if (strength === 'no key update') await holdTypes(store, [store.options.basetypes.get(branch[0]!.basetype)])
  const [row] = await connection.query<NodeRow>(
    `select ${NODE_COLUMNS} from djet.node where id = $1 and ${NOT_TRASHED} for ${strength}`,
    [branch[0]!.id],
  )
  if (!row) throw notFound(ref)
  return [nodeOf(row), ...branch.slice(1)]
}

/** What the user of a store may do at a branch; undefined: the system, which no rule holds back. */
export function mayOf({ options: { rights } }: NodeStore) {
  return rights && ((permission: Permission, branch: Branch) => rights.may(permission, branch))
}

/** Milliseconds a person waits at most for others who are changing the tree, such as a long import. */
const LONGEST_WAIT = 15_000

/**
 * Waits for running inserts and moves, and holds back new ones. The trigger that keeps the paths does the same;
 * here it is done before any row is locked, since an insert holds this lock when it comes to lock its parent.
 * @throws {DjetError} TREE_BUSY, 503, when somebody else is at it for long and a user waits
 */
export async function lockTree({ options }: NodeStore): Promise<void> {
  const { connection, rights } = options
  const lock = "select pg_advisory_xact_lock(hashtext('djet.node'), 0)"
  if (rights === undefined) {
    await connection.query(lock)
    return
  }
  const limit = "select set_config('lock_timeout', $1, true)"
  await connection.query(limit, [`${LONGEST_WAIT}ms`])
  try {
    await connection.query(lock)
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error
    const message = 'many pages are being changed just now, by an import perhaps. Try again in a minute.'
    throw new DjetError('TREE_BUSY', message, { status: 503, expose: true, cause: error })
  }
  await connection.query(limit, ['0'])
}
