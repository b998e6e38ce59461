import type { NodeStore } from './node-store.ts'

/** Nodes from which on a subtree is large. */
const LARGE = 2000

/** Room for the old and new rows of a subtree that the triggers look at, which would go to the disk otherwise. */
const ROOM = "set_config('work_mem', '64MB', true)"

/**
 * Does work that writes a whole subtree anew. The rows of a large one go to pages of their own, one after the other,
 * instead of filling the gaps of all the others; where that cannot be arranged at once it is done without. For use
 * inside a transaction.
 *
 * @param nodes how many rows are written
 */
export async function writeSubtree<T>(
  { options: { connection } }: NodeStore,
  nodes: number,
  work: () => Promise<T>,
): Promise<T> {
  if (nodes < LARGE) return work()
  const [row] = await connection.query<{ done: boolean }>(`select djet.pass_over_gaps() as done, ${ROOM}`)
  const result = await work()
  if (row?.done) await connection.query('alter table djet.node reset (fillfactor)')
  return result
}

/** How many nodes stand below a path; `LARGE` at most, since more make no difference. */
export async function countBelow({ options: { connection } }: NodeStore, path: string): Promise<number> {
  const [row] = await connection.query<{ n: number }>(
    `select count(*) as n from (
       select from djet.node where path > $1 || '/' and path < $1 || '0' limit ${LARGE}) as below`,
    [path],
  )
  return row?.n ?? 0
}
