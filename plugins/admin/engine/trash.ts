import {
  ADMIN,
  DjetError,
  type EngineContext,
  type EngineRouter,
  type Node,
  requireTrash,
  rolesOf,
  type TrashItem,
  toCursor,
  trashObstacles,
  trashReport,
  trashWarnings,
  wantsJson,
} from '../../../core/index.ts'
import { idOf, nodeOf, orFlash, orForm, text, treeUrl } from './form.ts'

/** The trash: putting a page into it, what is in it, putting it back where it stood or elsewhere, deleting it for good. */
export function trashRoutes(router: EngineRouter): void {
  router.get('/node/:id/trash', async (ctx) => {
    const node = await nodeOf(ctx)
    await requireTrash(ctx.djet, node)
    await ask(ctx, node)
  })

  router.post('/node/:id/trash', async (ctx) => {
    const node = await nodeOf(ctx)
    await requireTrash(ctx.djet, node)
    if (!wantsJson(ctx) && (await asksFirst(ctx, node))) return
    await orFlash(ctx, treeUrl(ctx, node), async () => {
      const { id, nodes, parentId } = await ctx.djet.nodes.trash(node)
      const what = nodes === 1 ? `${node.name} is` : `${node.name} and ${nodes - 1} below it are`
      ctx.flash(`${what} in the trash.`, 'done', { label: 'Undo', url: ctx.below(`/trash/${id}/restore`) })
      return treeUrl(ctx, { id: parentId })
    })
  })

  router.get('/trash', async (ctx) => {
    const { after } = ctx.payload.query
    await ctx.render('admin/trash.eta', {
      trash: await ctx.djet.nodes.listTrash({ after: after || undefined }),
      mayEmpty: isAdministrator(ctx),
      days: ctx.djet.config.trash.days,
    })
  })

  router.get('/trash/:id/restore', async (ctx) => showPlace(ctx, await itemOf(ctx)))
  router.post('/trash/:id/restore', async (ctx) => {
    const item = await itemOf(ctx)
    const [parent, part] = [text(ctx, 'parent'), text(ctx, 'part')]
    await orForm(ctx, {
      values: { ...(parent === '' ? {} : { parent }), part: part || item.part },
      show: () => showPlace(ctx, item),
      work: async () => {
        const place = { ...(parent === '' ? {} : { parent }), ...(part === '' ? {} : { part }) }
        const node = await ctx.djet.nodes.restoreTrash(item.id, place)
        ctx.flash(`${node.name} is back, at ${node.path}.`)
        ctx.seeOther(treeUrl(ctx, node))
      },
    })
  })

  router.post('/trash/empty', async (ctx) => {
    const back = ctx.below('/trash')
    await orFlash(ctx, back, async () => {
      const nodes = await ctx.djet.nodes.emptyTrash(new Date())
      ctx.flash(nodes === 1 ? 'One page is deleted for good.' : `${nodes} pages are deleted for good.`)
      return back
    })
  })

  router.post('/trash/:id/purge', async (ctx) => {
    const item = await itemOf(ctx)
    const back = ctx.below('/trash')
    await orFlash(ctx, back, async () => {
      await ctx.djet.nodes.purgeTrash(item.id)
      ctx.flash(`${item.name} is deleted for good.`)
      return back
    })
  })
}

/**
 * Says what it does when there is something to say that was not told: pages below it, or what plugins warn of. A single
 * page goes at once.
 */
async function asksFirst(ctx: EngineContext, node: Node): Promise<boolean> {
  if (node.parentId === null) return false
  const told = Number(text(ctx, 'told'))
  const { below } = await trashReport(ctx.djet, node)
  if (told > below) return false
  if (!(told > 0) && below === 0 && (await trashWarnings(ctx.djet, node)).length === 0) return false
  ctx.status = 409
  await ask(ctx, node, { hasMore: told > 0 })
  return true
}

async function ask(ctx: EngineContext, node: Node, values: { hasMore?: boolean } = {}): Promise<void> {
  if (node.parentId === null)
    throw new DjetError('NODE_IS_ROOT', 'the root cannot be deleted.', { status: 422 })
  await ctx.render('admin/trash-ask.eta', {
    target: node,
    report: await trashReport(ctx.djet, node),
    warnings: await trashWarnings(ctx.djet, node),
    obstacles: await trashObstacles(ctx.djet, node),
    ...values,
  })
}

/** @throws {DjetError} TRASH_NOT_FOUND, 404, also for what the user could not edit where it stood */
async function itemOf(ctx: EngineContext): Promise<TrashItem> {
  const id = idOf(ctx.params.id)
  const after = id === null ? null : toCursor([Math.min(id + 1, 2_147_483_647)])
  const [item] = after === null ? [] : (await ctx.djet.nodes.listTrash({ after, limit: 1 })).items
  if (item && item.id === id) return item
  throw new DjetError('TRASH_NOT_FOUND', 'this is no longer in the trash.', { status: 404 })
}

/** The form that asks where it shall go: what it says of the parent is where it stood, if that is still there. */
async function showPlace(ctx: EngineContext, item: TrashItem): Promise<void> {
  const parent = await ctx.djet.nodes.get(item.parentId)
  await ctx.render('admin/restore.eta', { item, parent: parent?.path ?? '' })
}

function isAdministrator({ djet }: EngineContext): boolean {
  return rolesOf(djet.user).includes(ADMIN)
}
