import type { Context } from 'koa'
import type { EngineMiddleware } from '../engine.ts'
import { DjetError } from '../error.ts'
import type { Djet } from '../scope.ts'
import type { Session } from '../session.ts'

/**
 * Whether a form comes from a page this visitor was given, and not from another site. Who brings a token of his own
 * needs none: no browser sends it by itself.
 */
export function checkFormToken(
  ctx: Context & { session: Session; djet?: Pick<Djet, 'token'> },
  token: unknown,
): boolean {
  if (ctx.djet?.token) return true
  return ctx.get('sec-fetch-site') !== 'cross-site' && ctx.session.checkFormToken(token)
}

/**
 * Refuses requests that would change something unless they bring the visitor's token, in the field `_csrf` or the
 * header `x-csrf-token`.
 *
 * @throws {DjetError} FORM_EXPIRED, 403
 */
export function requireFormToken(
  ctx: Context & { session: Session; djet?: Pick<Djet, 'token'>; form: Readonly<Record<string, unknown>> },
): void {
  if (checkFormToken(ctx, ctx.form._csrf ?? ctx.get('x-csrf-token'))) return
  throw new DjetError('FORM_EXPIRED', 'this form has expired. Load the page again and send it once more.', {
    status: 403,
  })
}

const CHECKS = Symbol('djet.checks-token')

/** Marks route middleware that asks for the token itself. */
export function checksToken(middleware: EngineMiddleware): EngineMiddleware {
  return Object.assign(middleware, { [CHECKS]: true })
}

/** Whether one of a route's middleware asks for the token itself. */
export function tokenIsChecked(stack: readonly unknown[]): boolean {
  return stack.some((middleware) => typeof middleware === 'function' && CHECKS in middleware)
}

/** Whether the browser says that a page of this site sent the request: only then may its content be shown again. */
export function isOwnPage(ctx: Context): boolean {
  const site = ctx.get('sec-fetch-site')
  if (site !== '') return site === 'same-origin'
  const origin = ctx.get('origin')
  return URL.canParse(origin) && new URL(origin).host === ctx.host
}
