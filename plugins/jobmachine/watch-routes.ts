import { createHash, timingSafeEqual } from 'node:crypto'
import type { EngineContext, EngineRouter } from '../../core/index.ts'
import { healthOf } from './health.ts'
import { METRICS_TYPE, metrics } from './metrics.ts'
import type { Settings } from './options.ts'

/** Places that programs watch, whose routes check by themselves who comes. */
export function isWatchPlace(restPath: string): boolean {
  return restPath === '/metrics' || restPath === '/health'
}

/** `/metrics` for Prometheus, `/health` for who decides whether a machine is alive. */
export function watchRoutes(router: EngineRouter, { metricsToken, maxWait }: Settings): void {
  router.get('/metrics', async (ctx) => {
    const isKnown = hasToken(ctx, metricsToken)
    if (!isKnown) await ctx.djet.require('view', ctx.node)
    notKept(ctx)
    ctx.type = METRICS_TYPE
    ctx.body = await metrics(isKnown ? ctx.djet.app.scope() : ctx.djet)
  })

  router.get('/health', async (ctx) => {
    const health = await healthOf(ctx.djet.app, maxWait)
    const isKnown = hasToken(ctx, metricsToken) || (await ctx.djet.can('view', ctx.node))
    ctx.status = health.status === 'ok' ? 200 : 503
    notKept(ctx)
    ctx.type = 'json'
    ctx.body = JSON.stringify(isKnown ? health : { status: health.status })
  })
}

/** Whether the request bears the token of the configuration. */
function hasToken(ctx: EngineContext, token: string | undefined): boolean {
  const [, given] = /^Bearer (\S+)$/i.exec(ctx.get('authorization')) ?? []
  if (token === undefined || given === undefined) return false
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(token))
}

/** By nobody on the way, and not by the site's own memory of guests' pages. */
function notKept(ctx: EngineContext): void {
  ctx.state.private = true
  ctx.set('Cache-Control', 'no-store')
}
