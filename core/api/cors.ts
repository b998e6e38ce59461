import type { DjetApp } from '../djet.ts'
import type { EngineContext } from '../engine.ts'

/** Whether a browser asks if it may ask. */
export function isPreflight(ctx: EngineContext): boolean {
  return ctx.method === 'OPTIONS' && ctx.get('Access-Control-Request-Method') !== ''
}

/**
 * Lets pages of the sites that the configuration names use the API with a token. Cookies never count there, since
 * nothing says `Access-Control-Allow-Credentials`.
 */
export function answerCors({ config }: DjetApp, ctx: EngineContext): void {
  const { cors } = config.api
  const origin = ctx.get('Origin')
  if (origin === '' || cors.length === 0) return
  const isOpen = cors.includes('*')
  if (!isOpen && !cors.includes(origin)) return
  ctx.set('Access-Control-Allow-Origin', isOpen ? '*' : origin)
  if (!isPreflight(ctx)) {
    ctx.set('Access-Control-Expose-Headers', 'ETag, Location, Link, Retry-After, WWW-Authenticate')
    return
  }
  ctx.set(
    'Access-Control-Allow-Headers',
    'Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key',
  )
  ctx.set('Access-Control-Max-Age', '600')
}
