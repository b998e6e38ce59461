import type { Context } from 'koa'
import type { DjetApp } from '../djet.ts'
import type { EngineContext } from '../engine.ts'
import { type PayloadMaker, payloadMaker } from '../payload.ts'
import { wantsJson } from './accept.ts'
import { isOwnPage } from './csrf.ts'
import { isEditForm } from './form-path.ts'
import { upload } from './upload.ts'

/** What a refused form of somebody who is not logged in is answered with elsewhere. */
const REFUSED = new Set([401, 403, 404])

/** Gives back what was typed into a form whose user is no longer logged in; false: it is not such a form. */
export type ReturnTyped = (ctx: Context, status: number) => Promise<boolean>

/**
 * Whoever saves a page after his session has ended gets what he typed back, in a form that he sends again once he has
 * logged in. Nothing is kept here meanwhile, and only what a page of this site sent is given back.
 */
export function returnTyped(app: DjetApp, payloads: PayloadMaker = payloadMaker(app)): ReturnTyped {
  return async (ctx, status) => {
    if (
      ctx.method !== 'POST' ||
      !REFUSED.has(status) ||
      ctx.session === undefined ||
      ctx.session.user !== null
    )
      return false
    if (!isEditForm(ctx.state.path ?? '') || wantsJson(ctx) || !isOwnPage(ctx)) return false
    const typed = await typedInto(ctx)
    if (typed.length === 0) return false
    const { branch } = await app.scope().nodes.navigate('/')
    if (branch[0] === undefined) return false
    const values = payloads({
      djet: ctx.djet,
      node: branch[0],
      branch,
      restPath: '/',
      path: ctx.state.path,
      query: {},
      csrfToken: () => ctx.session.formToken(),
    })
    ctx.status = 401
    ctx.set('Cache-Control', 'no-store')
    ctx.type = 'html'
    ctx.body = await app.renderer.render('node/logged-out.eta', { ...values, typed, action: ctx.url })
    return true
  }
}

/** Names and texts of a form's inputs; files are not given back. */
async function typedInto(ctx: Context): Promise<[string, string][]> {
  if (ctx.is('multipart/form-data') && ctx.req.readable) {
    await upload({ fieldsOnly: true })(ctx as unknown as EngineContext, async () => {}).catch(() => {})
  }
  return Object.entries((ctx.form ?? {}) as Record<string, unknown>)
    .filter(([name]) => name !== '_csrf' && name !== 'do')
    .flatMap(([name, value]) =>
      [value].flat().flatMap((text): [string, string][] => (typeof text === 'string' ? [[name, text]] : [])),
    )
}
