import { type Djet, DjetError, type Node } from '../../../core/index.ts'

/** The basetypes of which a site has one node. */
type Place = 'catalogue' | 'customers' | 'orders'

/**
 * The one node of a kind, which the user of this scope must be allowed to edit.
 *
 * @throws {DjetError} PLACE_MISSING (409), ACCESS_DENIED (401, 403)
 */
export async function placeToEdit(djet: Djet, basetype: Place): Promise<Node> {
  const [row] = await djet.query<{ id: number }>('select id from djet.node where basetype = $1 limit 1', [
    basetype,
  ])
  const node = row === undefined ? null : await djet.asSystem().nodes.get(row.id)
  if (node === null) {
    const message = `there is no node of type '${basetype}' yet. Make one first, for example /${basetype}`
    throw new DjetError('PLACE_MISSING', message, { status: 409 })
  }
  await djet.require('edit', node)
  return node
}
