import { join, resolve } from 'node:path'
import type { Origin } from './audit.ts'
import { type Config, checkConfig, loadConfig, type SiteConfig } from './config.ts'
import { explainDenied } from './db/connect-error.ts'
import { Database } from './db/database.ts'
import { startEmbedded } from './db/embedded/start.ts'
import { ListenHub } from './db/listen.ts'
import { type Notices, Outage } from './db/outage.ts'
import { checkDirect } from './db/pooler.ts'
import { DjetApp } from './djet.ts'
import { openObjects } from './file/open-objects.ts'
import { Languages } from './i18n/languages.ts'
import { openLog } from './log.ts'
import type { Stop } from './plugin.ts'
import { createRegistry } from './registry.ts'

export interface OpenOptions {
  /** PostgreSQL URL; goes before the configuration's. */
  databaseUrl?: string
  /** The same database without a pooler in between; `databaseUrl` when that is given and this is not. */
  directUrl?: string
  /** Hears of database connections that were lost or refused, instead of the log. */
  notices?: Notices
  /** What `pg_stat_activity` shows. */
  applicationName?: string
  /** Connections at most; the configuration's `poolSize` when absent. */
  poolSize?: number
  /** Templates and static files are read anew each time. */
  dev?: boolean
  /** Where work comes from that does not say so itself: what records of audit tell; the system when absent. */
  origin?: Origin
}

/**
 * Opens the site in a folder: its configuration checked, its plugins loaded, its database reached (an embedded
 * server started when none is named).
 *
 * @throws {DjetError} CONFIG_*, PLUGIN_*, BASETYPE_*, DATABASE_*, EMBEDDED_*
 */
export async function openSite(dir: string, options: OpenOptions = {}): Promise<DjetApp> {
  return openChecked(await loadConfig(dir), options)
}

/**
 * Opens a site whose configuration is at hand instead of in a file: for tests and scripts. Worker threads load
 * `djet.config.ts` of their own accord, so they need a site in a folder.
 *
 * @param dir folder of the site: its `templates/`, `public/` and `var/`
 * @throws {DjetError} as `openSite`
 * @example const app = await openConfig(defineConfig({ plugins: [hello()] }), import.meta.dirname, { databaseUrl })
 */
export async function openConfig(
  config: SiteConfig,
  dir: string,
  options: OpenOptions = {},
): Promise<DjetApp> {
  return openChecked(checkConfig(config, resolve(dir)), options)
}

async function openChecked(config: Config, options: OpenOptions): Promise<DjetApp> {
  const registry = createRegistry(config.plugins)
  const languages = new Languages(config, registry.plugins)
  const { log, close } = openLog(config)
  const stops: Stop[] = [close]
  try {
    const applicationName = options.applicationName ?? `djet/${process.pid}`
    let url = options.databaseUrl ?? config.database
    let dataDir: string | undefined
    if (url === undefined) {
      const varDir = join(config.dir, 'var')
      const embedded = await startEmbedded({ dir: varDir, log })
      stops.push(embedded.stop)
      url = embedded.url
      dataDir = embedded.dataDir
    }
    const outage = new Outage({ url, applicationName, log })
    stops.push(async () => outage.stop())
    const { dev = false, origin = { door: 'system' }, notices = outage } = options
    const database = await Database.open({
      url,
      poolSize: options.poolSize ?? config.poolSize,
      applicationName,
      log,
      notices,
    })
    stops.push(() => database.close())
    const directUrl =
      options.directUrl ?? (options.databaseUrl === undefined ? config.databaseDirect : undefined) ?? url
    if (database.isPooled || directUrl !== url) await checkDirect(directUrl, database.serverStart)
    const listen = new ListenHub(directUrl, log, { applicationName, notices })
    stops.push(() => listen.stop())
    const objects = openObjects(config)
    stops.push(async () => objects?.close())
    const opened = { database, directUrl, notices, dataDir, listen, objects }
    const app = new DjetApp({ config, log, registry, languages, ...opened, dev, origin, stops })
    await app.reloadBasetypes().catch(explainDenied)
    return app
  } catch (error) {
    for (const stop of stops.reverse()) await stop().catch(() => {})
    throw error
  }
}
