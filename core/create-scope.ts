import type { Logger } from 'pino'
import { type AuditEntry, type Origin, writeAudit } from './audit.ts'
import type { Connection, NamedStatement } from './db/connection.ts'
import type { DjetApp } from './djet.ts'
import { FileStore } from './file/file-store.ts'
import type { Files } from './file/files.ts'
import type { Texts } from './i18n/texts.ts'
import type { Permission, User } from './node/access.ts'
import type { Caches } from './node/caches.ts'
import { NodeStore, notFound } from './node/node-store.ts'
import type { Branch, NodeRef } from './node/nodes.ts'
import type { Reads } from './node/reads.ts'
import type { Rights } from './node/rights.ts'
import type { Djet } from './scope.ts'
import type { Token } from './token.ts'

interface ScopeOptions {
  readonly app: DjetApp
  readonly connection: Connection
  /** Undefined: the system, which no access rule holds back. */
  readonly rights: Rights | undefined
  readonly user: User | null
  readonly token: Token | null
  readonly origin: Origin
  /** Undefined: the site's first one. */
  readonly language?: string | undefined
  /** Or what makes it at first need: a request rarely asks. */
  readonly signal: AbortSignal | (() => AbortSignal)
  readonly log: Logger
  readonly reads: Reads | undefined
  readonly caches: Caches
  /** What a plugin adds, such as `task`. */
  readonly add: Readonly<Partial<Djet>>
  /** Work that waits for the outermost commit; undefined outside a transaction. */
  readonly later: (() => void | Promise<void>)[] | undefined
}

/** Makes the environment of one piece of work. Use `app.scope()`. */
export function createScope(options: ScopeOptions): Djet {
  return new Scope(options)
}

class Scope implements Djet {
  readonly #options: ScopeOptions
  #nodes: NodeStore | undefined
  #files: Files | undefined

  constructor(options: ScopeOptions) {
    this.#options = options
    Object.assign(this, options.add)
  }

  get app() {
    return this.#options.app
  }
  get config() {
    return this.#options.app.config
  }
  get log() {
    return this.#options.log
  }
  get signal() {
    const { signal } = this.#options
    return typeof signal === 'function' ? signal() : signal
  }
  get user() {
    return this.#options.user
  }
  get texts(): Texts {
    return this.#options.app.languages.texts(this.#options.language)
  }
  get t() {
    return this.texts.t
  }
  get token() {
    return this.#options.token
  }
  get door() {
    return this.#options.origin.door
  }
  get system() {
    return this.#options.rights === undefined
  }

  /** What is read here leaves no tags, so a page made of it is not cached. */
  get connection() {
    if (this.#options.reads) this.#options.reads.untracked = true
    return this.#options.connection
  }
  get inTransaction() {
    return this.#options.connection.client !== undefined
  }
  get knex() {
    return this.connection.knex
  }
  query<Row = Record<string, unknown>>(statement: string | NamedStatement, values?: readonly unknown[]) {
    return this.connection.query<Row>(statement, values)
  }

  get nodes(): NodeStore {
    const { app, connection, rights, user, origin, caches, reads, later } = this.#options
    this.#nodes ??= new NodeStore({
      connection,
      basetypes: app.basetypes,
      rights,
      by: user?.login ?? null,
      origin,
      branches: later ? undefined : caches.branches,
      reads,
    })
    return this.#nodes
  }

  get mail() {
    return this.#options.app.mail
  }

  get files(): Files {
    const { app, connection } = this.#options
    this.#files ??= new FileStore(connection, app.database, app.objects)
    return this.#files
  }

  async transaction<T>(work: (djet: Djet) => Promise<T>): Promise<T> {
    const { connection, later } = this.#options
    const ours: (() => void | Promise<void>)[] = []
    const result = await connection.transaction((tx) =>
      work(new Scope({ ...this.#options, connection: tx, later: ours })),
    )
    if (later) later.push(...ours)
    else for (const work of ours) await work()
    return result
  }

  async audit(entry: AuditEntry): Promise<void> {
    const { connection, origin, user } = this.#options
    await writeAudit(connection, origin, user?.login ?? null, entry)
  }

  async afterCommit(work: () => void | Promise<void>): Promise<void> {
    if (this.#options.later) this.#options.later.push(work)
    else await work()
  }

  asSystem(): Djet {
    return this.system ? this : new Scope({ ...this.#options, rights: undefined })
  }

  may(permission: Permission, branch: Branch): boolean {
    return this.#options.rights?.may(permission, branch) ?? true
  }

  async can(permission: Permission, node: NodeRef): Promise<boolean> {
    const { rights } = this.#options
    if (rights === undefined) return true
    const branch = await this.nodes.lookUp(node)
    return branch.length > 0 && rights.may(permission, branch)
  }

  async require(permission: Permission, node: NodeRef): Promise<void> {
    const branch = await this.nodes.lookUp(node)
    if (branch.length === 0) throw notFound(node)
    this.#options.rights?.require(permission, branch)
  }
}
