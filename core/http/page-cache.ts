import { hash } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import type { TaggedCache } from '../cache.ts'
import type { Languages } from '../i18n/languages.ts'
import type { CachedPage } from '../node/caches.ts'
import { wantsJson } from './accept.ts'
import { comesAsSomebody } from './bearer.ts'

/**
 * Answers guests from memory: whole pages, kept until a node they were made of changes. Which pages may be kept is
 * known once they are made: those whose every read left a tag and that set no cookie.
 */
export function pageCache(pages: TaggedCache<CachedPage>, languages: Languages): Middleware {
  return async (ctx, next) => {
    if ((ctx.method !== 'GET' && ctx.method !== 'HEAD') || comesAsSomebody(ctx)) return next()
    const key = pageKey(wantsJson(ctx) ? 'json' : 'html', languages.of(ctx), ctx.url)
    const page = pages.get(key)
    if (page) return answer(ctx, page, languages.vary)
    const moment = pages.moment
    await next()
    const { reads } = ctx.state
    if (ctx.status !== 200 || typeof ctx.body !== 'string' || ctx.method !== 'GET') return
    if (!reads || reads.untracked || ctx.res.hasHeader('set-cookie') || ctx.state.private) return
    pages.set(
      key,
      {
        body: Buffer.from(ctx.body),
        type: ctx.response.get('content-type'),
        etag: ctx.response.get('ETag') || etagOf(ctx.body),
      },
      reads.tags,
      moment,
    )
  }
}

/** Under which a page is kept: each language has its own. */
export function pageKey(kind: 'html' | 'json', language: string, url: string | undefined): string {
  return `${kind} ${language} ${url}`
}

function answer(ctx: Context, page: CachedPage, vary: string): void {
  ctx.status = 200
  ctx.set('Vary', vary)
  ctx.set('Cache-Control', 'no-cache')
  ctx.set('ETag', page.etag)
  if (ctx.fresh) {
    ctx.status = 304
    return
  }
  ctx.type = page.type
  ctx.body = page.body
}

function etagOf(body: string): string {
  return `"${hash('sha1', body, 'base64url')}"`
}

/** Gives a page that was just made its ETag, or 304 to a client that has it. */
export function conditional(ctx: Context): void {
  if (typeof ctx.body !== 'string' || (ctx.status !== 200 && ctx.status !== 201)) return
  // A node as JSON names its version, for `If-Match`.
  const { version } = ctx.state
  const etag = etagOf(ctx.body)
  ctx.set('ETag', version === undefined ? etag : `"${version}-${etag.slice(1)}`)
  // Asking is dear, and most clients have nothing that could be fresh.
  if (ctx.headers['if-none-match'] !== undefined && ctx.fresh) ctx.status = 304
}
