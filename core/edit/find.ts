import type { EngineRouter } from '../engine.ts'
import { DjetError } from '../error.ts'
import type { Node } from '../node/node.ts'
import { encodePath } from '../payload.ts'
import type { Djet } from '../scope.ts'

/** Pages or images offered at once. */
const MOST_FOUND = 20
/** Found pages that are looked at to find enough of the types asked for. */
const MOST_LOOKED_AT = 160

/** What the pickers of forms ask: `/-/find?q=<text>&types=<type>,<type>`, and `/-/images?q=<text>`. */
export function findRoutes(router: EngineRouter): void {
  router.get('/-/find', async (ctx) => {
    const { q = '', types = '' } = ctx.payload.query
    requireUser(ctx.djet)
    ctx.set('Cache-Control', 'no-store')
    const nodes = await findNodes(ctx.djet, q, types.split(',').filter(Boolean))
    ctx.body = {
      items: nodes.map(({ id, path, title, basetype }) => ({
        id,
        path,
        url: encodePath(path),
        title,
        type: ctx.djet.t(ctx.djet.app.basetypes.get(basetype)?.title ?? basetype),
      })),
    }
  })

  router.get('/-/images', async (ctx) => {
    requireUser(ctx.djet)
    ctx.set('Cache-Control', 'no-store')
    const finders = ctx.djet.app.plugins.flatMap(({ findImages }) => (findImages ? [findImages] : []))
    const found = await Promise.all(
      finders.map((find) => find(ctx.djet, ctx.payload.query.q ?? '', MOST_FOUND)),
    )
    // without a plugin that keeps images there is nothing to search
    ctx.body = { searches: finders.length > 0, items: found.flat().slice(0, MOST_FOUND) }
  })
}

/** @throws {DjetError} ACCESS_DENIED, 401 */
function requireUser({ user }: Djet): void {
  if (user === null) throw new DjetError('ACCESS_DENIED', 'log in to search.', { status: 401 })
}

/** Pages that the user may see, found by how their path begins (`/ab`), or as plugins find them. */
async function findNodes(djet: Djet, query: string, types: readonly string[]): Promise<Node[]> {
  const text = query.trim().replaceAll('\0', '').slice(0, 200)
  if (text === '') return []
  const fits = (node: Node) => types.length === 0 || types.includes(node.basetype)
  const finders = djet.app.plugins.flatMap((plugin) => (plugin.findNodes ? [plugin.findNodes] : []))
  if (text.startsWith('/') || finders.length === 0)
    return (await byPath(djet, text)).filter(fits).slice(0, MOST_FOUND)
  const found: Node[] = []
  for (const find of finders) {
    let after: string | undefined
    for (let looked = 0; looked < MOST_LOOKED_AT && found.length < MOST_FOUND; looked += 40) {
      const page = await find(djet, text, { limit: 40, after })
      found.push(...page.items.filter(fits))
      if (page.next === null) break
      after = page.next
    }
  }
  return found.slice(0, MOST_FOUND)
}

async function byPath(djet: Djet, text: string): Promise<Node[]> {
  const begin = text.startsWith('/') ? text : `/${text}`
  const rows = await djet.query<{ id: number }>(
    `select id from djet.node where path >= $1 and path < $2 order by path limit ${MOST_LOOKED_AT}`,
    [begin, `${begin}\u{10FFFF}`],
  )
  const nodes: Node[] = []
  for (const { id } of rows) {
    const node = await djet.nodes.get(id)
    if (node) nodes.push(node)
    if (nodes.length >= MOST_FOUND * 5) break
  }
  return nodes
}
