import type { Branch, EngineContext, EngineRouter } from '../../../core/index.ts'
import { searchNodes } from '../model/search.ts'
import { sheetOf } from '../model/sheet.ts'
import { listOf, MOST_OPEN, type TreeState, treeOf } from '../model/tree.ts'
import { idOf } from './form.ts'

/** The tree with the chosen node beside it, what is searched in it, and parts of it for the script. */
export function treeRoutes(router: EngineRouter): void {
  router.get('/tree', async (ctx) => {
    const { q = '', after } = ctx.payload.query
    const state = await stateOf(ctx)
    const chosen = state.chosen[0]
    await ctx.render('admin/tree.eta', {
      search: q.trim(),
      found: q.trim() === '' ? null : await searchNodes(ctx.djet, q, { after }),
      tree: q.trim() === '' ? await treeOf(ctx.djet, state) : null,
      sheet: chosen ? await sheetOf(ctx.djet, chosen) : null,
      links: linksOf(ctx, state),
    })
  })

  router.get('/tree/children', async (ctx) => {
    const { parent, after } = ctx.payload.query
    const id = idOf(parent) ?? 0
    const branch = await ctx.djet.nodes.branch(id)
    const from = new Map(after ? [[id, after]] : [])
    const state: TreeState = { open: new Set(), from, chosen: [] }
    await ctx.render('admin/tree-rows.eta', {
      list: await listOf(ctx.djet, branch, state),
      level: branch.length + 1,
      links: linksOf(ctx, state),
    })
  })
}

async function stateOf(ctx: EngineContext): Promise<TreeState> {
  const { open = '', from = '', node, at } = ctx.payload.query
  const chosen = await chosenOf(ctx, node, at)
  const ids = open.split(',').map((id) => idOf(id))
  const opened = new Set(ids.filter((id) => id !== null).slice(0, MOST_OPEN))
  if (open === '' || chosen.length > 0) opened.add((await ctx.djet.nodes.branch('/'))[0]!.id)
  for (const { id } of chosen.slice(1)) opened.add(id)
  const begins = from.split(',').flatMap((pair) => {
    const [id, cursor] = pair.split('.')
    const parent = idOf(id)
    return parent === null || !cursor ? [] : [[parent, cursor] as const]
  })
  return { open: opened, from: new Map(begins), chosen }
}

/** The chosen node with its parents; nothing when there is none that may be seen. */
async function chosenOf(
  ctx: EngineContext,
  id: string | undefined,
  path: string | undefined,
): Promise<Branch> {
  const ref = path ?? idOf(id)
  const node = ref === null || ref === '' ? null : await ctx.djet.nodes.get(ref)
  if (node) return ctx.djet.nodes.branch(node)
  if (ref !== null && ref !== '') ctx.payload.problem = 'That page does not exist, or is in the trash.'
  return []
}

/** Links that lead to other states of the tree. */
function linksOf(ctx: EngineContext, { open, from, chosen }: TreeState) {
  const url = (change: {
    open?: Iterable<number>
    from?: Iterable<readonly [number, string]>
    node?: number | null
  }) => {
    const query = new URLSearchParams()
    const ids = [...(change.open ?? open)]
    if (ids.length > 0) query.set('open', ids.join(','))
    const begins = [...(change.from ?? from)].map(([id, cursor]) => `${id}.${cursor}`)
    if (begins.length > 0) query.set('from', begins.join(','))
    const node = change.node === undefined ? chosen[0]?.id : change.node
    if (node !== undefined && node !== null) query.set('node', String(node))
    return `${ctx.below('/tree')}?${query.toString().replaceAll('%2C', ',')}`
  }
  return {
    choose: (id: number) => `${url({ node: id })}#sheet`,
    toggle: (id: number, isOpen: boolean) => {
      const ids = isOpen ? [...open].filter((other) => other !== id) : [...open, id]
      // What is chosen would open it again.
      const hides = isOpen && chosen.slice(1).some((above) => above.id === id)
      return `${url({ open: ids, ...(hides ? { node: null } : {}) })}#n-${id}`
    },
    more: (id: number, cursor: string) => `${url({ from: [...from, [id, cursor]] })}#n-${id}`,
    first: (id: number) => `${url({ from: [...from].filter(([other]) => other !== id) })}#n-${id}`,
  }
}
