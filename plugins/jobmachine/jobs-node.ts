import { type Djet, DjetError, type Node } from '../../core/index.ts'

/** The node whose rules say who may see, start, cancel and schedule. @throws {DjetError} NOT_FOUND, 404 */
export async function jobsNode(djet: Djet): Promise<Node> {
  const [row] = await djet.query<{ id: number }>({
    name: 'jobmachine.node',
    text: "select id from djet.node where basetype = 'jobmachine' limit 1",
  })
  if (row) return djet.asSystem().nodes.require(row.id)
  throw new DjetError('NOT_FOUND', 'this site has no place for jobs.', { status: 404 })
}
