import type { EngineRouter } from '../../../core/index.ts'
import { basetypeLines } from '../model/basetypes.ts'

/** What the nodes of the site may be. */
export function basetypeRoutes(router: EngineRouter): void {
  router.get('/basetypes', async (ctx) => {
    await ctx.render('admin/basetypes.eta', { basetypes: await basetypeLines(ctx.djet) })
  })
}
