import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import type { DjetApp, Serving } from '../djet.ts'
import { DjetError } from '../error.ts'
import type { Stop } from '../plugin.ts'
import { siteSecret } from '../sign.ts'
import { BodyReader } from './body.ts'
import { dispatch } from './dispatch.ts'
import { errorPages } from './error-page.ts'
import { guestLane } from './guest-lane.ts'
import { health } from './health.ts'
import { languageSwitch } from './language.ts'
import { keepRequestsShortLived } from './memory.ts'
import { originForm } from './origin-form.ts'
import { pageCache } from './page-cache.ts'
import { requestLog } from './request-log.ts'
import { securityHeaders } from './security-headers.ts'
import { listeningUrl } from './site-url.ts'
import type { StaticFiles } from './static.ts'
import { urlGuard } from './url-guard.ts'

/** The Koa app of a site, its middleware in order. */
export function createKoa(app: DjetApp, statics: StaticFiles, secret: string): Koa {
  const { config } = app
  const koa = new Koa({ proxy: config.trustProxy })
  koa.on('error', (error: Error & { code?: string }) => {
    // A client that goes away in the middle, or sends what is no HTTP, is no fault of the site.
    if (!/^(EPIPE|ECONNRESET|ERR_STREAM_PREMATURE_CLOSE|HPE_\w+)$/.test(error.code ?? ''))
      app.log.error({ err: error }, 'http')
  })
  koa.use(requestLog(app.log, config.log.requests))
  koa.use(securityHeaders())
  koa.use(errorPages(app))
  koa.use(urlGuard(config.limits.url))
  koa.use(statics.middleware())
  koa.use(health(app))
  koa.use(languageSwitch(app.languages))
  if (app.caches.pages) koa.use(pageCache(app.caches.pages, app.languages))
  koa.use(
    dispatch({
      app,
      session: { days: config.session.days, secret },
      body: new BodyReader(config.limits),
    }),
  )
  return koa
}

/**
 * Listens for requests.
 * @throws {DjetError} PORT_IN_USE, PORT_DENIED
 */
export async function startHttp(app: DjetApp, statics: StaticFiles): Promise<Serving & { stop: Stop }> {
  const { config } = app
  keepRequestsShortLived()
  const koa = createKoa(app, statics, await siteSecret(app.database))
  const viaKoa = koa.callback()
  const lane = guestLane(app)
  const server = createServer((request, response) => {
    request.url = originForm(request.url ?? '/')
    if (!lane(request, response)) void viaKoa(request, response)
  })
  await listen(server, config.port, config.host)
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: listeningUrl(config.host, port),
    stop: () => close(server, config.grace * 1000),
  }
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        const message = `port ${port} is in use by another program. Stop it, or choose another: PORT=${port + 1}.`
        failed(new DjetError('PORT_IN_USE', message, { cause: error }))
      } else if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') {
        failed(
          new DjetError(
            'PORT_DENIED',
            `${host ?? ''} port ${port} cannot be listened on: ${error.message}.`,
            { cause: error },
          ),
        )
      } else failed(error)
    })
    server.listen({ port, ...(host === undefined ? {} : { host }) }, done)
  })
}

/** Takes no new requests, lets running ones end, and after the grace (milliseconds) cuts them off. */
function close(server: Server, grace: number): Promise<void> {
  return new Promise((done) => {
    const cut = setTimeout(() => server.closeAllConnections(), grace)
    server.close(() => {
      clearTimeout(cut)
      done()
    })
    server.closeIdleConnections()
  })
}
