import type { EngineContext } from '../engine.ts'
import { DjetError } from '../error.ts'
import { isHidden } from '../node/status.ts'
import { encodePath } from '../payload.ts'
import { isEditForm } from './form-path.ts'

/**
 * Answers with 301, or a form for a page with 307, when what was not found has moved. Asked only then, so that pages which are found pay nothing.
 * False: it has not.
 * @throws {DjetError} ACCESS_DENIED when it has moved to where the visitor may not look
 */
export async function redirectMoved(ctx: EngineContext, path: string, error: unknown): Promise<boolean> {
  const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
  // Somebody moved the page while it was edited: the form follows it, with what was typed.
  if (!isRead && !(ctx.method === 'POST' && isEditForm(path))) return false
  if (!(error instanceof DjetError)) return false
  const below = ctx.restPath !== undefined && ctx.restPath !== '/'
  if (error.status !== 404 && !(below && (error.status === 401 || error.status === 403))) return false
  const nodes = ctx.djet.asSystem().nodes
  const target = await nodes.redirectOf(path).catch((error: unknown) => {
    if (error instanceof DjetError && error.code === 'REDIRECT_LOOP') return null
    throw error
  })
  if (target === null) return false
  if (target.startsWith('/') && !/[?#]/.test(target)) {
    const { branch } = await nodes.navigate(target)
    const rights = ctx.djet.app.rules.for(ctx.session.user)
    if (!rights.may('view', branch)) {
      if (isHidden(branch)) return false
      // Where it is now is not for him to know.
      const status = ctx.session.user === null ? 401 : 403
      throw new DjetError('ACCESS_DENIED', `you may not view ${path}.`, { status })
    }
  }
  const url = target.startsWith('/') && !/[?#]/.test(target) ? encodePath(target) : target
  ctx.status = isRead ? 301 : 307
  // A page made here later goes before the redirect, so browsers shall ask again.
  ctx.set('Cache-Control', 'no-cache')
  ctx.redirect(/[?#]/.test(url) ? url : url + ctx.search)
  return true
}
