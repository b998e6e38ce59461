import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { send } from '@koa/send'
import type { Context, Middleware } from 'koa'
import { DjetError } from '../error.ts'
import type { Registry } from '../registry.ts'
import { DJET_FOLDER } from '../render.ts'

const PREFIX = '/-/static/'
const YEAR = 365 * 24 * 60 * 60 * 1000

/** Scripts of others for core's own, `/-/static/lib/<name>`: the file, from where its package is. */
function librariesOf(): ReadonlyMap<string, string> {
  const { resolve } = createRequire(import.meta.url)
  return new Map([
    ['squire.mjs', resolve('squire-rte')],
    ['purify.mjs', join(dirname(resolve('dompurify')), 'purify.es.mjs')],
  ])
}

/** The `public/` folders: `/-/static/<plugin>/<file>`, with `core` for Djet's own and `site` for the site's. */
export class StaticFiles {
  readonly #roots: ReadonlyMap<string, string>
  readonly #urls = new Map<string, string>()
  readonly #libraries = librariesOf()
  readonly #cache: boolean

  constructor(dir: string, registry: Registry, cache: boolean) {
    this.#cache = cache
    this.#roots = new Map([
      ['core', join(DJET_FOLDER, 'core', 'public')],
      ['site', resolve(dir, 'public')],
      ...registry.plugins.flatMap((plugin) =>
        plugin.folder ? [[plugin.name, fileURLToPath(new URL('public/', plugin.folder))] as const] : [],
      ),
    ])
  }

  /** URL of a file, with a mark of its state so that browsers may keep it for ever. */
  url(plugin: string, file: string): string {
    const key = `${plugin}/${file}`
    const known = this.#urls.get(key)
    if (known) return known
    const root = this.#roots.get(plugin)
    const stats = root === undefined ? undefined : statSync(join(root, file), { throwIfNoEntry: false })
    const url = `${PREFIX}${key}${stats ? `?v=${stats.mtimeMs.toString(36).replace('.', '')}${stats.size.toString(36)}` : ''}`
    if (this.#cache) this.#urls.set(key, url)
    return url
  }

  middleware(): Middleware {
    return (ctx, next) => (ctx.path.startsWith(PREFIX) ? this.#serve(ctx) : next())
  }

  async #serve(ctx: Context): Promise<void> {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD')
      throw new DjetError('METHOD_NOT_ALLOWED', 'files can only be read.', { status: 405 })
    }
    const path: string = ctx.state.path.slice(PREFIX.length)
    const slash = path.indexOf('/')
    const library = path.startsWith('lib/') ? this.#libraries.get(path.slice(4)) : undefined
    const root = library ? dirname(library) : this.#roots.get(path.slice(0, slash))
    const missing = new DjetError('FILE_NOT_FOUND', 'there is no such file.', { status: 404 })
    if (slash < 1 || root === undefined || path.endsWith('/')) throw missing
    try {
      await send(ctx, library ? basename(library) : path.slice(slash + 1), {
        root,
        maxage: ctx.query.v && this.#cache ? YEAR : 0,
        immutable: Boolean(ctx.query.v),
      })
    } catch (error) {
      if ((error as { status?: number }).status === 404) throw missing
      throw error
    }
    if (ctx.fresh) ctx.status = 304
  }
}
