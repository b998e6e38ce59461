import { DjetError, type EngineRouter, type Node } from '../../../core/index.ts'
import { neighboursOf } from '../model/tree.ts'
import { idOf, nodeOf, nowAt, orFlash, orForm, text, treeUrl } from './form.ts'

/** What can be done with one node by a button. Access is checked where it is done. */
export function nodeRoutes(router: EngineRouter): void {
  router.get('/node/:id', async (ctx) => ctx.redirect(treeUrl(ctx, await nodeOf(ctx))))

  for (const direction of ['up', 'down'] as const) {
    router.post(`/node/:id/${direction}`, async (ctx) => {
      const node = await nodeOf(ctx)
      await orFlash(ctx, treeUrl(ctx, node), async () => {
        const { before, after } = await neighboursOf(ctx.djet, node)
        const anchor = direction === 'up' ? before : after
        if (anchor === null) throw atTheEnd(node, direction)
        await ctx.djet.nodes.move(node, direction === 'up' ? { before: anchor } : { after: anchor })
        return treeUrl(ctx, node)
      })
    })
  }

  // Where the script drops a node between two siblings.
  router.post('/node/:id/place', async (ctx) => {
    const node = await nodeOf(ctx)
    await orFlash(ctx, treeUrl(ctx, node), async () => {
      const [before, after] = [idOf(text(ctx, 'before')), idOf(text(ctx, 'after'))]
      if (before !== null) await ctx.djet.nodes.move(node, { before })
      else if (after !== null) await ctx.djet.nodes.move(node, { after })
      return treeUrl(ctx, node)
    })
  })

  router.post('/node/:id/duplicate', async (ctx) => {
    const node = await nodeOf(ctx)
    await orFlash(ctx, treeUrl(ctx, node), async () => {
      const copy = await ctx.djet.nodes.duplicate(node, { deep: text(ctx, 'deep') !== '' })
      ctx.flash(`${copy.path} is made, as a draft. Visitors see it once it is published.`)
      return treeUrl(ctx, copy)
    })
  })

  router.get('/node/:id/rename', async (ctx) => {
    const node = await nodeOf(ctx)
    // What is published is renamed by those who may publish: visitors see it at once.
    await ctx.djet.require(node.status === 'published' ? 'publish' : 'edit', node)
    await ctx.render('admin/rename.eta', { target: node })
  })
  router.post('/node/:id/rename', async (ctx) => {
    const node = await nodeOf(ctx)
    const [name, title, part] = [text(ctx, 'name'), text(ctx, 'title'), text(ctx, 'part')]
    await orForm(ctx, {
      values: { name, title, part },
      show: () => ctx.render('admin/rename.eta', { target: node }),
      work: async () => {
        const place = node.parentId === null || part === '' ? {} : { part }
        const version = text(ctx, 'version')
        const renamed = await ctx.djet.nodes.update(node, {
          name,
          title,
          ...place,
          ...(version === '' ? {} : { ifVersion: version }),
        })
        ctx.flash(renamed.path === node.path ? `${renamed.name} is saved.` : nowAt(renamed))
        ctx.seeOther(treeUrl(ctx, renamed))
      },
    })
  })
}

function atTheEnd(node: Node, direction: 'up' | 'down'): DjetError {
  const end = direction === 'up' ? 'first' : 'last'
  return new DjetError('NODE_AT_END', `${node.name} is the ${end} one already.`, { status: 409 })
}
