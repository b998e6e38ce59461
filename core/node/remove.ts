import { DjetError } from '../error.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { NodeRef } from './nodes.ts'
import { told } from './told.ts'
import { inTransaction, lock } from './within.ts'

/** @throws {DjetError} NODE_GUARDED, 409, when the subtree has a node of a type the site cannot do without */
export async function refuseFixed(store: NodeStore, node: Node): Promise<void> {
  const fixed = [...store.options.basetypes.values()]
    .filter((basetype) => basetype.fixed)
    .map(({ name }) => name)
  if (fixed.length === 0) return
  const [found] = await store.options.connection.query<{ path: string }>(
    `select path from djet.node where basetype = any($2)
       and (path = $1 or (path > $1 || '/' and path < $1 || '0')) order by path limit 1`,
    [node.path, fixed],
  )
  if (!found) return
  const message = `the site cannot do without ${found.path}. It can be moved or renamed.`
  throw new DjetError('NODE_GUARDED', message, { status: 409 })
}

export async function remove(store: NodeStore, ref: NodeRef): Promise<number> {
  return inTransaction(store, async (store) => {
    const [node] = await lock(store, ref, 'update')
    if (node!.parentId === null)
      throw new DjetError('NODE_IS_ROOT', 'the root cannot be deleted.', { status: 422 })
    if (store.options.rights) await refuseFixed(store, node!)
    const remove = store.options.connection.query<{ n: number }>(
      `with gone as (delete from djet.node
         where path = $1 or (path > $1 || '/' and path < $1 || '0') returning 1)
       select count(*) as n from gone`,
      [node!.path],
    )
    const rows = await told(remove, null)
    await store.audit('node.delete', node!, { nodes: rows[0]?.n })
    return rows[0]?.n ?? 0
  })
}
