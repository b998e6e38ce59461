import { type Djet, DjetError, type Node } from '../../../core/index.ts'

/** The basetypes of which a site has one node. */
type Place = 'catalogue' | 'customers' | 'orders' | 'order-import'

/**
 * The one node of a kind, which the user of this scope must be allowed to edit.
 *
 * @throws {DjetError} PLACE_MISSING (409), ACCESS_DENIED (401, 403)
 */
export async function placeToEdit(djet: Djet, basetype: Place): Promise<Node> {
  const id = await idOf(djet, basetype)
  const node = id === undefined ? null : await djet.asSystem().nodes.get(id)
  if (node === null) {
    const message = `there is no node of type '${basetype}' yet. Make one first, for example /${basetype}`
    throw new DjetError('PLACE_MISSING', message, { status: 409 })
  }
  await djet.require('edit', node)
  return node
}

/** The page where files are imported, if the user of this scope may see it. */
export async function importPage(djet: Djet): Promise<Node | null> {
  const id = await idOf(djet, 'order-import')
  return id === undefined ? null : djet.nodes.get(id)
}

async function idOf(djet: Djet, basetype: Place): Promise<number | undefined> {
  const [row] = await djet.query<{ id: number }>('select id from djet.node where basetype = $1 limit 1', [
    basetype,
  ])
  return row?.id
}
