import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { placeOf, withPlace } from './config-place.ts'
import { DjetError, didYouMean, messageOf } from './error.ts'
import { issueWords } from './field/issue-words.ts'
import { Zone } from './i18n/zone.ts'
import { parseAddress } from './mail/message.ts'
import type { Plugin } from './plugin.ts'
import type { Djet } from './scope.ts'

const MEGABYTE = 1024 * 1024

/** Bytes of guests' pages that are kept. */
export const DEFAULT_CACHE = 64 * MEGABYTE

/** `10mb`, `64kb` or a number of bytes -> bytes. */
const size = z
  .union([z.int().positive(), z.string().regex(/^\d+\s*(kb|mb|gb)$/i, 'must be like 512kb, 10mb or 1gb')])
  .transform((value) => {
    if (typeof value === 'number') return value
    const unit = { k: 1024, m: MEGABYTE, g: 1024 * MEGABYTE }[
      value
        .replace(/[\d\s]/g, '')
        .charAt(0)
        .toLowerCase()
    ]
    return Number.parseInt(value, 10) * (unit ?? 1)
  })

const seconds = z.number().positive()
const language = z
  .string()
  .refine((code) => isLanguage(code), "must be the code of a language, such as 'da' or 'pt-BR'")
/** As IANA spells it. */
const timeZone = z.string().transform((name, ctx) => {
  try {
    return new Zone(name).name
  } catch (error) {
    ctx.addIssue(messageOf(error).replace(/\.$/, ''))
    return z.NEVER
  }
})
const localPath = z.string().regex(/^\/(?![/\\])/, "must be a path of this site, beginning with one '/'")

/** `https://example.com`, nothing behind the host. */
const origin = z
  .string()
  .regex(/^https?:\/\/[^/?#@\s]+\/?$/, 'must be like https://example.com, without a path')
  .transform((url) => new URL(url).origin)

const schema = z.strictObject({
  /** What templates see as `it.site`. */
  site: z.looseObject({ title: z.string().min(1).default('Djet') }).prefault({}),
  /** PostgreSQL URL, 14 or newer. Absent: `DATABASE_URL`, and without that an embedded server under `var/`. */
  database: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional(),
  /**
   * Where `database` is a pooler in transaction mode (PgBouncer): PostgreSQL itself, for notifications, the locks of
   * workers and migrations; `DATABASE_DIRECT_URL`.
   */
  databaseDirect: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional(),
  /** Connections the web process may hold. */
  poolSize: z.int().min(2).max(500).default(12),
  /** Languages of the interface, the one of who chooses none first: `['en', 'da', 'it']`. */
  languages: z.array(language).min(1, 'must name a language').default(['en']),
  /** By whose clocks times are shown and read on pages, by IANA's name: `Europe/Copenhagen`. */
  timeZone: timeZone.default('UTC'),
  /** True: who has chosen no language gets the one the browser asks for (`Accept-Language`). */
  acceptLanguage: z.boolean().default(false),
  /** Address to listen on; every interface when absent. */
  host: z.string().min(1).optional(),
  /** Port; `PORT`, else 3000. 0 lets the system choose one. */
  port: z.int().min(0).max(65_535).optional(),
  /** True behind a reverse proxy that sets X-Forwarded-*. */
  trustProxy: z.boolean().default(false),
  /** Plugins in any order; what they require decides. */
  plugins: z.array(
    z.custom<Plugin>((value) => isPlugin(value), 'must be made by definePlugin (call it: users())'),
  ),
  /** Caches of pages and branches. Off: every page asks the database for its nodes; the menu is kept all the same. */
  cache: z
    .union([
      z.boolean(),
      z.strictObject({ pages: z.boolean().default(true), maxSize: size.default(DEFAULT_CACHE) }),
    ])
    .default(true),
  /** Where the site is reached, e.g. `https://example.com`; `DJET_URL`. Links in mails begin with it. */
  url: origin.optional(),
  /** Mail server; without `url` (`DJET_SMTP_URL`) mails are kept below `var/mail/`. */
  mail: z
    .strictObject({
      /** Sender, `Name <address>`. */
      from: z
        .string()
        .refine((text) => parseAddress(text) !== undefined, 'must be like Shop <shop@example.com>')
        .optional(),
      /** `smtp://user:password@host:587` or `smtps://…`. */
      url: z
        .string()
        .regex(/^smtps?:\/\/[^/]/, 'must begin with smtp:// or smtps://')
        .optional(),
    })
    .prefault({}),
  passwords: z
    .strictObject({
      /** Characters a password has at least. */
      shortest: z.int().min(8).max(100).default(10),
    })
    .prefault({}),
  /** Where visitors who may not see a page are sent. */
  login: localPath.default('/login'),
  session: z
    .strictObject({
      /** Days without a visit after which a login ends. */
      days: z.number().positive().max(3650).default(14),
    })
    .prefault({}),
  trash: z
    .strictObject({
      /** Days after which what is in the trash is deleted for good. */
      days: z.number().positive().max(3650).default(30),
    })
    .prefault({}),
  api: z
    .strictObject({
      /** Requests a minute that one token may make of one process. */
      rate: z.int().min(1).max(1_000_000).default(600),
      /** Pages of these other sites may use the API with a token; `*` for all. None when empty. */
      cors: z.array(z.union([z.literal('*'), origin])).default([]),
    })
    .prefault({}),
  limits: z
    .strictObject({
      /** Posted forms and JSON. */
      body: size.default(MEGABYTE),
      /** Forms in which a user edits a node, with all their texts. */
      form: size.default(16 * MEGABYTE),
      /** One uploaded file, unless the route says otherwise. */
      upload: size.default(100 * MEGABYTE),
      /** The path and query of a request, characters. */
      url: z.int().min(256).max(16_384).default(4096),
    })
    .prefault({}),
  /** Where the bytes of uploaded files are kept. */
  files: z
    .discriminatedUnion('store', [
      z.strictObject({
        store: z.literal('s3'),
        bucket: z.string().min(1),
        region: z.string().min(1).default('us-east-1'),
        /** URL of a server other than Amazon's. */
        endpoint: z
          .string()
          .regex(/^https?:\/\/[^/\s]/, 'must begin with https:// or http://')
          .optional(),
        /** The bucket in the path instead of the host's name, which most other servers want. */
        forcePathStyle: z.boolean().default(false),
        /** What keys begin with, e.g. `my-site/`. */
        prefix: z.string().max(200).default(''),
      }),
      z.strictObject({ store: z.literal('database') }),
    ])
    .prefault({ store: 'database' }),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
      /** File of the log, relative to the site's folder; `-` for the terminal. */
      file: z.string().min(1).default('var/djet.log'),
      /** One line a request. */
      requests: z.boolean().default(true),
    })
    .prefault({}),
  /** Seconds that running requests get at shutdown. */
  grace: seconds.max(60).default(5),
  /** Makes the site's first nodes, once, in one transaction. */
  seed: z
    .custom<(djet: Djet) => Promise<void>>((value) => typeof value === 'function', 'must be a function')
    .optional(),
})

/** What `djet.config.ts` may say. */
export type SiteConfig = z.input<typeof schema>

/** The checked configuration with every default filled in, frozen. */
export type Config = Readonly<z.output<typeof schema>> & {
  /** Absolute folder of the site. */
  readonly dir: string
  readonly port: number
}

function isLanguage(code: string): boolean {
  try {
    return Intl.getCanonicalLocales(code)[0] === code && Intl.NumberFormat.supportedLocalesOf(code).length > 0
  } catch {
    return false
  }
}

function isPlugin(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { name?: unknown }).name === 'string'
}

/**
 * Types the options of a site; they are checked when the site is opened.
 *
 * @example
 * // djet.config.ts
 * export default defineConfig({ site: { title: 'My site' }, plugins: [users(), jobmachine({ threads: 2 })] })
 */
export function defineConfig(config: SiteConfig): SiteConfig {
  return config
}

/** Option names by path (`''`, `log`, …), for "did you mean". */
function optionsAt(path: readonly PropertyKey[]): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: zod's inner types are not part of its public typing
  let at: any = schema
  for (const key of path) {
    at = at?.shape?.[key]
    while (at && !at.shape && (at.unwrap || at.def?.innerType))
      at = at.unwrap ? at.unwrap() : at.def.innerType
    if (at && !at.shape && at.options) at = at.options.find((option: { shape?: unknown }) => option.shape)
  }
  return at?.shape ? Object.keys(at.shape) : []
}

function describe(issue: z.core.$ZodIssue, where: readonly PropertyKey[]): string[] {
  const path = [...where, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = optionsAt(path)
      const hint = didYouMean(key, known) || (known.length > 0 ? ` Known: ${known.join(', ')}.` : '')
      return `unknown option '${[...path, key].join('.')}'.${hint}`
    })
  }
  if (issue.code === 'invalid_union') {
    const nearest = issue.errors.find((errors) => errors.some((error) => error.code !== 'invalid_type'))
    if (nearest) return nearest.flatMap((inner) => describe(inner, path))
  }
  return [`option '${path.join('.')}': ${issue.message}.`]
}

/**
 * Checks and completes what a `djet.config.ts` says.
 * @throws {DjetError} CONFIG_INVALID with one line a mistake
 */
export function checkConfig(input: unknown, dir: string, env: NodeJS.ProcessEnv = process.env): Config {
  if (typeof input !== 'object' || input === null) {
    throw new DjetError(
      'CONFIG_INVALID',
      'djet.config.ts: its default export must be what defineConfig({ … }) gives.',
    )
  }
  const result = schema.safeParse(input, { error: issueWords })
  if (!result.success) {
    const lines = result.error.issues.flatMap((issue) => describe(issue, []))
    throw new DjetError('CONFIG_INVALID', `djet.config.ts: ${lines.join('\n  ')}`)
  }
  const config = result.data
  const database = config.database ?? (env.DATABASE_URL || undefined)
  if (database !== undefined && !/^postgres(ql)?:\/\//.test(database)) {
    throw new DjetError('CONFIG_INVALID', 'DATABASE_URL must begin with postgres:// or postgresql://.')
  }
  const port = config.port ?? portFrom(env.PORT)
  return Object.freeze({
    ...config,
    ...(database === undefined ? {} : { database }),
    ...withDirect(config, database, env),
    ...withMail(config, env),
    port,
    dir,
  })
}

function withDirect(config: z.output<typeof schema>, database: string | undefined, env: NodeJS.ProcessEnv) {
  const databaseDirect = config.databaseDirect ?? (env.DATABASE_DIRECT_URL || undefined)
  if (databaseDirect === undefined) return {}
  if (!/^postgres(ql)?:\/\//.test(databaseDirect)) {
    throw new DjetError('CONFIG_INVALID', 'DATABASE_DIRECT_URL must begin with postgres:// or postgresql://.')
  }
  if (database === undefined) {
    const why = "it names the same database as 'database' (DATABASE_URL) without the pooler in between"
    throw new DjetError('CONFIG_INVALID', `DATABASE_DIRECT_URL alone is of no use: ${why}.`)
  }
  return { databaseDirect }
}

/** Mail server and address of the site, from the environment where the configuration does not name them. */
function withMail({ mail, url }: z.output<typeof schema>, env: NodeJS.ProcessEnv) {
  const server = mail.url ?? (env.DJET_SMTP_URL || undefined)
  if (server !== undefined && !/^smtps?:\/\/[^/]/.test(server)) {
    throw new DjetError('CONFIG_INVALID', 'DJET_SMTP_URL must begin with smtp:// or smtps://.')
  }
  const given = origin.safeParse(url ?? env.DJET_URL)
  if (url === undefined && env.DJET_URL && !given.success) {
    throw new DjetError('CONFIG_INVALID', 'DJET_URL must be like https://example.com, without a path.')
  }
  if (server !== undefined && !given.success) {
    const why = 'links in mails begin with it, and what a request says about its host cannot be trusted'
    throw new DjetError('CONFIG_INVALID', `with a mail server the option 'url' (DJET_URL) is needed: ${why}.`)
  }
  if (server !== undefined && mail.from === undefined) {
    throw new DjetError('CONFIG_INVALID', "with a mail server the option 'mail.from' is needed.")
  }
  return {
    mail: { ...mail, ...(server === undefined ? {} : { url: server }) },
    ...(given.success ? { url: given.data } : {}),
  }
}

function portFrom(text: string | undefined): number {
  if (text === undefined || text === '') return 3000
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new DjetError('CONFIG_INVALID', `PORT must be a whole number from 0 to 65535, not '${text}'.`)
}

/**
 * Loads and checks the `djet.config.ts` (or `.mjs`, `.js`) of a site's folder.
 * @throws {DjetError} CONFIG_MISSING, CONFIG_BROKEN, CONFIG_INVALID
 */
export async function loadConfig(dir: string): Promise<Config> {
  const folder = resolve(dir)
  const file = ['djet.config.ts', 'djet.config.mjs', 'djet.config.js']
    .map((name) => resolve(folder, name))
    .find((name) => existsSync(name))
  if (file === undefined) {
    throw new DjetError(
      'CONFIG_MISSING',
      `no djet.config.ts in ${folder}. Go to the folder of your site, or make the file: see docs/configuration.md.`,
    )
  }
  let module: { default?: unknown }
  try {
    module = await import(pathToFileURL(file).href)
  } catch (error) {
    if (error instanceof DjetError) throw withPlace(error, folder)
    const where = placeOf(error, folder)
    const message = `${file} could not be loaded: ${messageOf(error)}${where ? ` (${where})` : ''}`
    throw new DjetError('CONFIG_BROKEN', message, { cause: error })
  }
  if (module.default === undefined) {
    throw new DjetError(
      'CONFIG_BROKEN',
      `${file} has no default export. Write: export default defineConfig({ … })`,
    )
  }
  return checkConfig(module.default, folder)
}
