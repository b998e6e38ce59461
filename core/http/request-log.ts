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
      const { method, status, ip } = ctx
      // An engine may say what is logged instead of an address that holds a secret.
      const url: string = ctx.state.loggedUrl ?? ctx.url
      const user = ctx.djet?.user?.login
      const id = status >= 500 ? requestId(ctx) : undefined
      logRequest(log, { method, url, status, begun, ip, user, id })
    }
  }
}

interface LoggedRequest {
  readonly method: string
  readonly url: string
  readonly status: number
  /** By `performance.now()`. */
  readonly begun: number
  readonly ip: string | undefined
  readonly user?: string | undefined
  readonly id?: string | undefined
}

/** Writes the line of one request. */
export function logRequest(log: Logger, request: LoggedRequest): void {
  const { method, url, status, begun, ip, user, id } = request
  const ms = Math.round((performance.now() - begun) * 100) / 100
  const line = { method, url: url.slice(0, LONGEST_URL), status, ip, user, id, ms }
  if (status >= 500) log.error(line, 'request')
  else log.info(line, 'request')
}

/** Names a request on its error page and in the log. */
export function requestId(ctx: { state: { requestId?: string } }): string {
  ctx.state.requestId ??= randomUUID()
  return ctx.state.requestId
}
