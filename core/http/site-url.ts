import type { EngineContext } from '../engine.ts'

/**
 * Where links begin that are read elsewhere than in the browser that asks, as those in mails: what the option `url` says.
 * While it says nothing, the address that the site listens on, or the one of this machine that the request came to; never
 * another one that a request claims, since whoever sends it would get the secrets in the links.
 *
 * @returns without a `/` at its end
 * @example const link = `${siteUrl(ctx)}${ctx.below('/link')}/${token}`
 */
export function siteUrl(ctx: EngineContext): string {
  const { url, host } = ctx.djet.config
  if (url !== undefined) return url
  const asked = loopbackOf(`${ctx.protocol}://${ctx.host}`)
  if (asked !== undefined) return asked
  const own = listeningUrl(host, ctx.req.socket.localPort ?? ctx.djet.config.port)
  ctx.djet.log.warn(
    { host: ctx.host },
    `a link begins with ${own}: set the option 'url' (DJET_URL), for what requests say about their host is not trusted`,
  )
  return own
}

/** The origin of a URL, if that is this machine. */
function loopbackOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { hostname, origin } = new URL(text)
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) ? origin : undefined
}

/** The address of a server, for people on its machine. */
export function listeningUrl(host: string | undefined, port: number): string {
  const name = host === undefined || host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
