import { allow, type EngineContext, type EngineRouter } from '../engine.ts'
import { DjetError } from '../error.ts'
import { refuseObstacles, requireTrash, trashObstacles } from '../node/trash-obstacles.ts'
import { trashReport } from '../node/trash-report.ts'
import { trashWarnings } from '../node/trash-warnings.ts'
import { encodePath, urlBelow } from '../payload.ts'

/** Deleting a page: saying what that does, doing it, and taking it back. */
export function trashingRoutes(router: EngineRouter): void {
  router.get('/-/delete', allow('edit'), (ctx) => ask(ctx))

  router.post('/-/delete', allow('edit'), async (ctx) => {
    const { node } = ctx
    const above = ctx.branch[1]
    // Whoever was told of fewer pages than there are by now is told again.
    const told = Number(ctx.form.told)
    if (told > 0 && told < (await trashReport(ctx.djet, node)).below + 1) {
      ctx.status = 409
      return ask(ctx, { hasMore: true })
    }
    const toTrash = ctx.payload.basetype.trash !== false
    if (!toTrash) await refuseObstacles(ctx.djet, node)
    const { id, nodes } = toTrash
      ? await ctx.djet.nodes.trash(node)
      : { id: 0, nodes: await ctx.djet.nodes.delete(node) }
    const what = nodes === 1 ? `${node.name} is` : `${node.name} and ${nodes - 1} below it are`
    if (toTrash) {
      const url = urlBelow(above ?? node, `/-/restore/${id}`)
      ctx.flash(`${what} in the trash.`, 'done', { label: 'Undo', url })
    } else ctx.flash(`${what} deleted.`)
    ctx.seeOther(encodePath(above?.path ?? '/'))
  })

  // Takes back what was just put into the trash here.
  router.post('/-/restore/:trash', allow('edit'), async (ctx) => {
    const node = await ctx.djet.nodes.restoreTrash(Number(ctx.params.trash))
    ctx.flash(`${node.name} is back.`)
    ctx.seeOther(encodePath(node.path))
  })
}

async function ask(ctx: EngineContext, values: { hasMore?: boolean } = {}): Promise<void> {
  const { djet, node } = ctx
  if (node.parentId === null)
    throw new DjetError('NODE_IS_ROOT', 'the root cannot be deleted.', { status: 422 })
  await requireTrash(djet, node)
  const [report, warnings] = [await trashReport(djet, node), await trashWarnings(djet, node)]
  const obstacles = await trashObstacles(djet, node)
  await ctx.render('node/delete.eta', { report, below: report.below, warnings, obstacles, ...values })
}
