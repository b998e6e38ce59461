import type { Context } from 'koa'
import type { DjetApp } from '../djet.ts'
import type { EngineContext } from '../engine.ts'
import { DjetError } from '../error.ts'
import { type PayloadMaker, payloadMaker } from '../payload.ts'
import { wantsJson } from './accept.ts'
import { isOwnPage } from './csrf.ts'
import { isEditForm } from './form-path.ts'
import { upload } from './upload.ts'

/** What a refused form of somebody who is not logged in is answered with elsewhere. */
const REFUSED = new Set([401, 403, 404])

/** Gives back what was typed into a form that cannot be saved; false: it is not such a form. */
export type ReturnTyped = (
  ctx: Context,
  problem: { readonly status: number; readonly code: string; readonly message: string },
) => Promise<boolean>

/**
 * Whoever saves a page after his session has ended, or after somebody else has put the page into the trash or taken
 * his rights there, gets what he typed back, in a form that he sends again once he has logged in or the page is back.
 * Nothing is kept here meanwhile, and only what a page of this site sent is given back.
 */
export function returnTyped(app: DjetApp, payloads: PayloadMaker = payloadMaker(app)): ReturnTyped {
  return async (ctx, { status, code, message }) => {
    if (ctx.method !== 'POST' || !REFUSED.has(status) || ctx.session === undefined) return false
    const isLoggedIn = ctx.session.user !== null
    // The page of an expired form is that form.
    if (isLoggedIn && code === 'FORM_EXPIRED') return false
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
    ctx.status = isLoggedIn ? status : 401
    ctx.set('Cache-Control', 'no-store')
    ctx.type = 'html'
    const template = isLoggedIn ? 'node/not-saved.eta' : 'node/logged-out.eta'
    const pressed = String(ctx.form?.do ?? '')
    const shown = { ...values, typed, pressed, action: ctx.url, problem: values.message(message) }
    ctx.body = await app.renderer.render(template, shown)
    return true
  }
}

/** Names and texts of a form's inputs; files are not given back. */
async function typedInto(ctx: Context): Promise<[string, string][]> {
  if (ctx.is('multipart/form-data') && ctx.req.readable) {
    const read = upload({ fieldsOnly: true })(ctx as unknown as EngineContext, async () => {})
    const whole = await read.then(
      () => true,
      (error: unknown) => !(error instanceof DjetError) || error.status !== 413,
    )
    // Half a form must not be taken for the whole; the browser still has it, one page back.
    if (!whole) return []
  }
  return Object.entries((ctx.form ?? {}) as Record<string, unknown>)
    .filter(([name]) => name !== '_csrf' && name !== 'do')
    .flatMap(([name, value]) =>
      [value].flat().flatMap((text): [string, string][] => (typeof text === 'string' ? [[name, text]] : [])),
    )
}
