import { DjetError } from '../error.ts'
import { requireVersion } from './lost-update.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { DeleteOptions, NodeRef } from './nodes.ts'
import { releaseFiles } from './released-files.ts'
import { told } from './told.ts'
import { fixedBelow } from './trash-obstacles.ts'
import { inTransaction, lock, lockTree } from './within.ts'

/** @throws {DjetError} NODE_GUARDED, 409, when the subtree has a node of a type the site cannot do without */
export async function refuseFixed(store: NodeStore, node: Node): Promise<void> {
  const message = await fixedBelow(store.options.connection, store.options.basetypes, node)
  if (message === undefined) return
  throw new DjetError('NODE_GUARDED', message, { status: 409 })
}

/**
 * Deletes a node with its subtree for good. Inserts that run are waited for: one transaction may make several nodes
 * below, and each locks its parent.
 */
export async function remove(store: NodeStore, ref: NodeRef, options: DeleteOptions = {}): Promise<number> {
  return inTransaction(store, async (store) => {
    await lockTree(store)
    const [node] = await lock(store, ref, 'update')
    await requireVersion(store, node!, options)
    if (node!.parentId === null)
      throw new DjetError('NODE_IS_ROOT', 'the root cannot be deleted.', { status: 422 })
    if (store.options.rights) await refuseFixed(store, node!)
    const count = await purgeAt(store, node!.path)
    await store.audit('node.delete', node!, { nodes: count })
    return count
  })
}

/** Deletes what is at a path and below it. */
export async function purgeAt(store: NodeStore, path: string): Promise<number> {
  await releaseFiles(store, path)
  const gone = store.options.connection.query<{ n: number }>(
    `with gone as (delete from djet.node
       where path = $1 or (path > $1 || '/' and path < $1 || '0') returning 1)
     select count(*) as n from gone`,
    [path],
  )
  const rows = await told(gone, null)
  return rows[0]?.n ?? 0
}
