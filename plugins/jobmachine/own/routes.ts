import type { EngineContext, EngineRouter } from '../../../core/index.ts'
import { DjetError, sendFile, wantsJson } from '../../../core/index.ts'
import { idOf } from '../path.ts'
import { resultFile } from '../result-file.ts'
import { streamEvents } from '../stream-events.ts'
import { opensTask } from './link.ts'
import { ownTask } from './view.ts'

/** Places below the jobs node whose routes check by themselves who comes: one's own tasks. */
export function isOwnPlace(restPath: string): boolean {
  return /^\/(task|mine)\//.test(restPath)
}

/** Pages for whoever has the link to one task: `/jobs/mine/<id>/<token>`. */
export function linkRoutes(router: EngineRouter): void {
  router.get('/mine/:id/:token', async (ctx) => {
    const id = await idOfLink(ctx)
    await showOwn(ctx, id, { isGuest: true, base: `/mine/${id}/${ctx.params.token}`, mayCancel: false })
  })

  router.get('/mine/:id/:token/events', async (ctx) => {
    streamEvents(ctx, await idOfLink(ctx), { log: false })
    keepPrivate(ctx)
  })

  router.get('/mine/:id/:token/result/:result', async (ctx) => {
    const id = await idOfLink(ctx)
    await sendFile(ctx, await resultFile(ctx.djet, id, idOf(ctx, 'result')))
    keepPrivate(ctx)
  })
}

/**
 * The page of a task for whom it was done.
 * @throws {DjetError} NOT_FOUND, 404
 */
export async function showOwn(
  ctx: EngineContext,
  id: number,
  how: { isGuest: boolean; base: string; mayCancel: boolean },
): Promise<void> {
  const task = await ownTask(ctx.djet, id, how.isGuest)
  if (task === null) throw noTask(id)
  if (wantsJson(ctx)) {
    ctx.type = 'json'
    ctx.body = JSON.stringify({ task })
  } else {
    // Nothing that leads to the list, and no way from a guest's page back to it by logging in.
    const place = { own: ctx.below(how.base), breadcrumbs: [], path: how.isGuest ? '/' : ctx.payload.path }
    await ctx.render('jobmachine/own.eta', { task, ...place, mayCancel: how.mayCancel })
  }
  keepPrivate(ctx)
}

/** Kept by nobody on the way, and found by no search engine. */
export function keepPrivate(ctx: EngineContext): void {
  ctx.state.private = true
  ctx.set('Cache-Control', 'no-store')
  ctx.set('X-Robots-Tag', 'noindex, nofollow')
  ctx.set('Referrer-Policy', 'no-referrer')
}

/** @throws {DjetError} NOT_FOUND, 404, the same for a wrong token and for no task */
async function idOfLink(ctx: EngineContext): Promise<number> {
  ctx.set('X-Robots-Tag', 'noindex, nofollow')
  const id = idOf(ctx, 'id')
  ctx.state.loggedUrl = ctx.below(`/mine/${id}/…`)
  if (await opensTask(ctx.djet, id, ctx.params.token)) return id
  throw noTask(id)
}

function noTask(id: number): DjetError {
  return new DjetError('NOT_FOUND', `there is no task ${id}, or the link is not complete.`, { status: 404 })
}
