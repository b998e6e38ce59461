import type { Context } from 'koa'

/** Whether the client would rather have JSON than a page. */
export function wantsJson(ctx: Context): boolean {
  const accept = ctx.headers.accept
  if (!accept?.includes('json')) return false
  return ctx.accepts('html', 'json') === 'json'
}
