import type { Basetype } from '../basetype.ts'
import type { Node } from '../node/node.ts'
import { payloadMaker } from '../payload.ts'
import type { Djet } from '../scope.ts'
import { drawWith } from './draw.ts'

/**
 * Draws the page of a node with a template that is not yet in use; what the template asks for and is not there is an
 * error.
 * @throws {DjetError} TEMPLATE_BROKEN, 422, with the line
 */
export async function tryTemplate(
  djet: Djet,
  basetype: Basetype,
  liquid: string,
  node: Node,
): Promise<string> {
  const payload = payloadMaker(djet.app)({
    djet,
    node,
    branch: [node],
    restPath: '/',
    path: node.path,
    query: {},
    csrfToken: () => '',
  })
  const children = { items: [], next: null }
  return drawWith(djet, Object.assign(payload, { basetype, children }), liquid, true)
}
