import type { Logger } from 'pino'
import type { Origin } from './audit.ts'
import type { Basetype } from './basetype.ts'
import { type Config, DEFAULT_CACHE } from './config.ts'
import { createScope } from './create-scope.ts'
import type { Connection } from './db/connection.ts'
import { Database } from './db/database.ts'
import type { ListenHub } from './db/listen.ts'
import type { Notices } from './db/outage.ts'
import type { Engine } from './engine.ts'
import { DjetError } from './error.ts'
import type { ObjectStore } from './file/object-store.ts'
import { startHousekeeping } from './housekeeping.ts'
import { startHttp } from './http/server.ts'
import { StaticFiles } from './http/static.ts'
import type { Languages } from './i18n/languages.ts'
import type { Zone } from './i18n/zone.ts'
import { Mailer } from './mail/mailer.ts'
import { menuOf } from './menu.ts'
import type { User } from './node/access.ts'
import {
  type CacheSettings,
  type Caches,
  createCaches,
  type Following,
  followChanges,
  NO_CACHES,
  NOT_FOLLOWING,
} from './node/caches.ts'
import type { Node } from './node/node.ts'
import type { Reads } from './node/reads.ts'
import { type Rights, Rules } from './node/rights.ts'
import type { MenuItem } from './payload.ts'
import type { Contributions, Plugin, Stop } from './plugin.ts'
import { prepareSite } from './prepare.ts'
import type { Registry } from './registry.ts'
import { Renderer } from './render.ts'
import type { Djet } from './scope.ts'
import { LiquidPages } from './site-type/liquid.ts'
import { LiveBasetypes } from './site-type/live.ts'
import { checkTemplates } from './template.ts'
import type { Token } from './token.ts'

export interface AppScopeOptions {
  /** Who asks; null: a visitor. Access rules hold as soon as this is given, unless `system` says otherwise. */
  user?: User | null
  /** By which he comes; he may not do more than it is for. */
  token?: Token | null
  /** Rights other than the user's own. */
  rights?: Rights
  /** A transaction to work in; the site's database when absent. */
  connection?: Connection
  /** No access rules hold, but what is changed is noted as the user's. */
  system?: boolean
  /** Or a function that gives it, called whenever the scope is asked for it. */
  signal?: AbortSignal | (() => AbortSignal)
  log?: Logger
  /** Values plugins add to the scope, such as `task`. */
  add?: Partial<Djet>
  /** Where the work comes from; what the site was opened with when absent. */
  origin?: Origin
  /** Language of its texts; the site's first one when absent. */
  language?: string
  /** Where reads leave their tags, for caching what is made of them. */
  reads?: Reads
}

/** Where a served site answers. */
export interface Serving {
  readonly url: string
  readonly port: number
}

/**
 * A site that is open: its plugins loaded, its database reached. `start` serves it; `stop` ends everything in
 * reverse order.
 *
 * @example
 * const app = await openSite('.')
 * await app.prepare()
 * const { url } = await app.start()
 * await app.stop()
 */
export class DjetApp {
  readonly config: Config
  readonly log: Logger
  readonly database: Database
  readonly databaseUrl: string
  /** The same database without a pooler in between, for what needs a session of its own: LISTEN, locks. */
  readonly directUrl: string
  /** Tells the log, once, that the database is away. */
  readonly notices: Notices
  /** Folder of an embedded server's data; undefined with a server of one's own. */
  readonly dataDir: string | undefined
  readonly listen: ListenHub
  readonly mail: Mailer
  readonly languages: Languages
  /** The site's time zone: by whose clocks times are shown and read. */
  readonly zone: Zone
  /** Where the bytes of files go; undefined: into the database. */
  readonly objects: ObjectStore | undefined
  readonly renderer: Renderer
  readonly rules: Rules
  /** Draws pages from templates that were written on the site. */
  readonly liquid = new LiquidPages()
  /** Lines for whoever starts the site: a new password, an address. */
  readonly announcements: { label: string; text: string }[] = []
  readonly #registry: Registry
  readonly #types: LiveBasetypes
  readonly #statics: StaticFiles
  readonly #dev: boolean
  readonly #origin: Origin
  readonly #stopping = new AbortController()
  /** What opening the site began, to be ended in reverse order. */
  readonly #opened: Stop[]
  /** What serving it began: requests and each plugin's work end side by side. */
  readonly #served: Stop[] = []
  #caches: Caches = NO_CACHES
  #following: Following = NOT_FOLLOWING
  #stopped: Promise<void> | undefined

  /** Use `openSite`. */
  constructor(parts: {
    config: Config
    log: Logger
    registry: Registry
    languages: Languages
    database: Database
    directUrl: string
    notices: Notices
    dataDir: string | undefined
    listen: ListenHub
    objects: ObjectStore | undefined
    dev: boolean
    origin: Origin
    stops: Stop[]
  }) {
    this.config = parts.config
    this.log = parts.log
    this.zone = parts.languages.zone
    this.database = parts.database
    this.databaseUrl = parts.database.url
    this.directUrl = parts.directUrl
    this.notices = parts.notices
    this.dataDir = parts.dataDir
    this.listen = parts.listen
    this.objects = parts.objects
    this.#registry = parts.registry
    this.languages = parts.languages
    this.#origin = parts.origin
    this.#opened = parts.stops
    this.mail = new Mailer({ config: parts.config, log: parts.log })
    this.#opened.push(() => this.mail.close())
    this.#types = new LiveBasetypes(parts.registry, parts.log)
    this.rules = new Rules(this.#types.all)
    this.renderer = new Renderer({ dir: parts.config.dir, registry: parts.registry, cache: !parts.dev })
    this.#dev = parts.dev
    this.#statics = new StaticFiles(parts.config.dir, parts.registry, !parts.dev)
  }

  /** In the order of what they require. */
  get plugins(): readonly Plugin[] {
    return this.#registry.plugins
  }
  /** Those of code and those made on the site; the same map for good, with what changes in it. */
  get basetypes(): ReadonlyMap<string, Basetype> {
    return this.#types.all
  }
  /** The plugin each basetype comes from; `site` for those made on the site. */
  get origin(): ReadonlyMap<string, string> {
    return this.#types.origin
  }
  /** The plugin each basetype of code comes from. */
  get codeOrigin(): ReadonlyMap<string, string> {
    return this.#registry.origin
  }
  /** Basetypes made on the site that cannot be used, and why. */
  get brokenBasetypes(): ReadonlyMap<string, string> {
    return this.#types.broken
  }
  get engines(): ReadonlyMap<string, Engine> {
    return this.#registry.engines
  }
  /** Aborts when the site begins to stop. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }
  get caches(): Caches {
    return this.#caches
  }

  /** What plugins gave to an extension point, in plugin order. */
  contributions<K extends keyof Contributions>(
    key: K,
  ): { plugin: Plugin; value: NonNullable<Contributions[K]> }[] {
    return this.#registry.contributions(key)
  }

  /** The environment of one piece of work: as the system, or as a user when one (or null, a visitor) is given. */
  scope(options: AppScopeOptions = {}): Djet {
    const { user, token = null, system = user === undefined } = options
    return createScope({
      app: this,
      connection: options.connection ?? this.database,
      rights: options.rights ?? (system ? undefined : this.rules.for(user ?? null, token?.scopes)),
      user: user ?? null,
      token,
      origin: options.origin ?? this.#origin,
      language: options.language,
      signal: options.signal ?? this.signal,
      log: options.log ?? this.log,
      reads: options.reads,
      caches: this.#caches,
      add: options.add ?? {},
      later: undefined,
    })
  }

  /** The main menu as the scope's user may see it. */
  menu(djet: Djet, root: Node, reads?: Reads): Promise<readonly Omit<MenuItem, 'here'>[]> {
    return menuOf(this, djet, root, reads)
  }

  /** URL of a static file of a plugin, of `core` or of `site`. */
  assetUrl(plugin: string, file: string): string {
    return this.#statics.url(plugin, file)
  }

  /** Waits until the caches have dropped what was changed so far, and changed basetypes are known. */
  async catchUp(): Promise<void> {
    await this.#following.catchUp(this.database)
    await this.#types.settled
  }

  /** Reads the basetypes made on the site anew; what was made by the old ones is dropped. */
  async reloadBasetypes(): Promise<void> {
    if (!(await this.#types.load(this.database))) return
    this.#caches.pages?.clear()
    this.#caches.values?.clear()
  }

  /** Resolves at once unless basetypes are being read anew. */
  get basetypesKnown(): Promise<void> {
    return this.#types.settled
  }

  /** Runs the migrations that are pending and makes the nodes a new site begins with. */
  async prepare(): Promise<void> {
    await prepareSite(this)
  }

  /**
   * Serves the site: caches, HTTP, then what the plugins start.
   * @throws {DjetError} PORT_IN_USE, PORT_DENIED, TEMPLATE_MISSING
   */
  async start(): Promise<Serving> {
    // While developing a template may come later; until then its pages say that it is missing.
    if (!this.#dev) checkTemplates(this)
    this.#caches = createCaches(cacheSettings(this.config.cache))
    this.#following = await followChanges(this.#caches, this.listen)
    this.#opened.push(this.#following.stop)
    this.#opened.push(await this.#followBasetypes())
    const http = await startHttp(this, this.#statics)
    this.#served.push(http.stop, startHousekeeping(this))
    for (const plugin of this.plugins) {
      const stop = await plugin.start?.(this)
      if (stop) this.#served.push(stop)
    }
    return http
  }

  /** Reads basetypes whenever somebody changed one, or may have. */
  async #followBasetypes(): Promise<Stop> {
    const reload = (): void => {
      if (!this.listen.connected || this.signal.aborted) return
      this.reloadBasetypes().catch((error: unknown) => {
        // That the database is away is told once for the whole process.
        if (error instanceof DjetError && error.code === 'DATABASE_UNREACHABLE')
          setTimeout(reload, 1000).unref()
        else this.log.error({ err: error }, 'the basetypes made on the site could not be read')
      })
    }
    const unlisten = await this.listen.listen('djet_basetype', reload)
    const ungap = this.listen.onGap(reload)
    await this.reloadBasetypes()
    return async () => {
      ungap()
      unlisten()
    }
  }

  /** Runs work on the database without a pooler in between: migrations. */
  async onDirect<T>(work: (database: Database) => Promise<T>): Promise<T> {
    if (this.directUrl === this.databaseUrl) return work(this.database)
    const { directUrl: url, log, notices } = this
    const database = await Database.open({
      url,
      poolSize: 2,
      applicationName: `djet-migrate/${process.pid}`,
      log,
      notices,
    })
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  }

  /** Ends everything that was started, in reverse order. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll()
    return this.#stopped
  }

  async #stopAll(): Promise<void> {
    this.#stopping.abort()
    const end = async (stop: Stop): Promise<void> => {
      try {
        await stop()
      } catch (error) {
        this.log.error({ err: error }, 'a part of the site could not be stopped')
      }
    }
    await Promise.all(this.#served.map(end))
    for (const stop of this.#opened.reverse()) await end(stop)
  }
}

function cacheSettings(cache: Config['cache']): CacheSettings {
  if (typeof cache === 'boolean') return { pages: cache ? DEFAULT_CACHE : 0, branches: cache }
  return { pages: cache.pages ? cache.maxSize : 0, branches: true }
}
