import { randomUUID } from 'node:crypto'
import type { Middleware } from 'koa'
import type { Logger } from 'pino'

/** Characters of an address that are logged. */
const LONGEST_URL = 500

/** One line a request: who asked for what, the answer, how long it took (milliseconds). */
export function requestLog(log: Logger, enabled: boolean): Middleware {
  return async (ctx, next) => {
    if (!enabled) return next()
    const begun = performance.now()
    try {
      await next()
    } finally {
      const ms = Math.round((performance.now() - begun) * 100) / 100
      const line = {
        method: ctx.method,
        url: ctx.url.slice(0, LONGEST_URL),
        status: ctx.status,
        ms,
        ip: ctx.ip,
        user: ctx.djet?.user?.login,
      }
      if (ctx.status >= 500) log.error({ ...line, id: requestId(ctx) }, 'request')
      else log.info(line, 'request')
    }
  }
}

/** Names a request on its error page and in the log. */
export function requestId(ctx: { state: { requestId?: string } }): string {
  ctx.state.requestId ??= randomUUID()
  return ctx.state.requestId
}
