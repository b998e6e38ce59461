import type { Context } from 'koa'
import { DjetError } from '../error.ts'
import type { Session } from '../session.ts'

/** Whether a form comes from a page this visitor was given, and not from another site. */
export function checkFormToken(ctx: Context & { session: Session }, token: unknown): boolean {
  return ctx.get('sec-fetch-site') !== 'cross-site' && ctx.session.checkFormToken(token)
}

/**
 * Refuses requests that would change something unless they bring the visitor's token, in the field `_csrf` or the
 * header `x-csrf-token`.
 *
 * @throws {DjetError} FORM_EXPIRED, 403
 */
export function requireFormToken(
  ctx: Context & { session: Session; form: Readonly<Record<string, unknown>> },
): void {
  if (checkFormToken(ctx, ctx.form._csrf ?? ctx.get('x-csrf-token'))) return
  throw new DjetError('FORM_EXPIRED', 'this form has expired. Load the page again and send it once more.', {
    status: 403,
  })
}
