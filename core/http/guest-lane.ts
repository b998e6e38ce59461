import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DjetApp } from '../djet.ts'
import { comesAsSomebody } from './bearer.ts'
import { pageKey } from './page-cache.ts'
import { logRequest } from './request-log.ts'
import { headersOf } from './security-headers.ts'

/** Answers a request from memory. False: it is not one for this lane, and nothing was done. */
export type Lane = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * The short way for what most requests to a busy site are: a guest who asks for a page that is kept. It is answered
 * before Koa, with the headers and the log line that it would have got there; everything else takes the long way.
 */
export function guestLane(app: DjetApp): Lane {
  const { pages } = app.caches
  if (pages === undefined) return () => false
  const plain = Object.entries(headersOf(false)).flat()
  const secure = Object.entries(headersOf(true)).flat()
  const { trustProxy, log } = app.config
  const { languages } = app
  /** What the proxy in front says, the first of several. */
  const forwarded = (request: IncomingMessage, name: string): string | undefined =>
    trustProxy
      ? String(request.headers[`x-forwarded-${name}`] ?? '')
          .split(',', 1)[0]
          ?.trim()
      : undefined
  return (request, response) => {
    const { headers, method, url } = request
    if (method !== 'GET' || headers.accept?.includes('json') || comesAsSomebody(request)) return false
    const page = pages.get(pageKey('html', languages.of(request), url))
    const known = headers['if-none-match']
    if (page === undefined || (known !== undefined && (known !== page.etag || headers['cache-control'])))
      return false
    const begun = performance.now()
    const always = forwarded(request, 'proto') === 'https' ? secure : plain
    const head = [...always, 'Vary', languages.vary, 'Cache-Control', 'no-cache', 'ETag', page.etag]
    const status = known === undefined ? 200 : 304
    if (status === 200) {
      response.writeHead(200, [
        ...head,
        'Content-Type',
        page.type,
        'Content-Length',
        String(page.body.length),
      ])
      response.end(page.body)
    } else response.writeHead(304, head).end()
    if (log.requests) {
      const ip = forwarded(request, 'for') || request.socket.remoteAddress
      logRequest(app.log, { method, url: url!, status, begun, ip })
    }
    return true
  }
}
