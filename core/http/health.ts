import type { Middleware } from 'koa'
import type { DjetApp } from '../djet.ts'

/** `/-/health`: 200 while the database answers and the site is not stopping, else 503. */
export function health(app: DjetApp): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/-/health' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    ctx.set('Cache-Control', 'no-store')
    try {
      if (app.signal.aborted) throw new Error('stopping')
      await app.database.query('select 1')
      ctx.body = { status: 'ok' }
    } catch {
      ctx.status = 503
      ctx.body = { status: 'unavailable' }
    }
  }
}
