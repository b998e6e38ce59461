import type { Context, Middleware } from 'koa'
import type { DjetApp } from '../djet.ts'

/** `/-/health`: 200 while the database answers and the site is not stopping, else 503. */
export function health(app: DjetApp): Middleware {
  const asks = (ctx: Context) => ctx.path === '/-/health' && (ctx.method === 'GET' || ctx.method === 'HEAD')
  return (ctx, next) => (asks(ctx) ? tell(app, ctx) : next())
}

async function tell(app: DjetApp, ctx: Context): Promise<void> {
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
