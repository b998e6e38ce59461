import {
  ADMIN,
  DjetError,
  type EngineContext,
  type EngineRouter,
  rolesOf,
  type TrashItem,
  toCursor,
} from '../../../core/index.ts'
import { idOf, orFlash, orForm, text, treeUrl } from './form.ts'

/** The trash: what is in it, putting it back where it stood or elsewhere, deleting it for good. */
export function trashRoutes(router: EngineRouter): void {
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
