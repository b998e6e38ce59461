import type { EngineRouter } from '../../../core/index.ts'
import { nodeOf, orFlash, text } from './form.ts'

/** Saved states of a node: the list, what differs between two, putting one back. Core asks for `edit`. */
export function versionRoutes(router: EngineRouter): void {
  router.get('/node/:id/versions', async (ctx) => {
    const target = await nodeOf(ctx)
    const { before } = ctx.payload.query
    const versions = await ctx.djet.nodes.versions(target, before ? { before } : {})
    await ctx.render('admin/versions.eta', { target, versions, before: before ?? null })
  })

  router.get('/node/:id/diff', async (ctx) => {
    const target = await nodeOf(ctx)
    const { from = '', to = '' } = ctx.payload.query
    const later = to === '' ? String(target.version) : to
    const [before, after] = [
      await ctx.djet.nodes.versionOf(target, from),
      await ctx.djet.nodes.versionOf(target, later),
    ]
    const differences = await ctx.djet.nodes.diff(target, from, later)
    await ctx.render('admin/diff.eta', { target, before, after, differences })
  })

  router.post('/node/:id/restore', async (ctx) => {
    const target = await nodeOf(ctx)
    const back = ctx.below(`/node/${target.id}/versions`)
    await orFlash(ctx, back, async () => {
      const [version, began] = [text(ctx, 'version'), text(ctx, 'began')]
      const node = await ctx.djet.nodes.restore(target, version, began === '' ? {} : { ifVersion: began })
      ctx.flash(`Version ${version} is back, as version ${node.version}.`)
      return back
    })
  })
}
