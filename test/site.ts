import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tidy } from '../core/housekeeping.ts'
import { type Djet, type DjetApp, openConfig, openSite, type Plugin, type SiteConfig } from '../core/index.ts'
import { createTestDatabase, ensureTemplate } from './database.ts'
import { Visitor } from './visitor.ts'

export interface TestSiteOptions {
  plugins?: readonly Plugin[]
  /** Further options of the site. */
  config?: Omit<SiteConfig, 'plugins'>
  /** A site's folder with a `djet.config.ts`, for what needs worker threads; `plugins` and `config` are not used. */
  dir?: string
}

/** A site on a database of its own. */
export interface TestSite {
  readonly app: DjetApp
  /** A scope of the system. */
  readonly djet: Djet
  readonly databaseUrl: string
  /** Serves the site (once) and gives someone who visits it, with a cookie jar of his own. */
  visitor(): Promise<Visitor>
  /** Removes what has had its time, as a site does each hour. */
  tidy(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a site on a new database, migrated and seeded.
 *
 * @example
 * const site = await createTestSite({ plugins: [users()] })
 * const visitor = await site.visitor()
 * expect((await visitor.get('/')).status).toBe(200)
 * await site.close()
 */
export async function createTestSite(options: TestSiteOptions = {}): Promise<TestSite> {
  const template = options.dir === undefined ? {} : { template: await seeded(options.dir) }
  const database = await createTestDatabase(template)
  const folder = options.dir ?? (await mkdtemp(join(tmpdir(), 'djet-test-')))
  const close = async (app?: DjetApp): Promise<void> => {
    await app?.stop()
    await database.drop()
    if (options.dir === undefined) await rm(folder, { recursive: true, force: true })
  }
  let app: DjetApp | undefined
  try {
    const opening = { databaseUrl: database.url, applicationName: `djet-test/${process.pid}`, poolSize: 6 }
    const config = { port: 0, host: '127.0.0.1', ...options.config, plugins: [...(options.plugins ?? [])] }
    app =
      options.dir === undefined ? await openConfig(config, folder, opening) : await openSite(folder, opening)
    await app.prepare()
  } catch (error) {
    await close(app)
    throw error
  }
  const opened = app
  let serving: Promise<{ url: string }> | undefined
  return {
    app: opened,
    djet: opened.scope(),
    databaseUrl: database.url,
    visitor: async () => {
      serving ??= opened.start()
      return new Visitor((await serving).url)
    },
    tidy: () => tidy(opened),
    close: () => close(opened),
  }
}

/** Password of `admin` at sites opened from a folder. */
export const ADMIN_PASSWORD = 'a-quiet-river'

/** The database of a folder's site, migrated and seeded once a run. */
function seeded(dir: string): Promise<string> {
  // Read from the environment by a site's configuration and by its seed, in worker threads as well.
  process.env.PORT = '0'
  process.env.DJET_ADMIN_PASSWORD = ADMIN_PASSWORD
  const key = `site_${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`
  return ensureTemplate(key, async (databaseUrl) => {
    const app = await openSite(dir, { databaseUrl, poolSize: 6 })
    try {
      await app.prepare()
    } finally {
      await app.stop()
    }
  })
}
