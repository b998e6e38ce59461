import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { AuditEntry, Door } from './audit.ts'
import type { Config } from './config.ts'
import type { Connection, NamedStatement } from './db/connection.ts'
import type { DjetApp } from './djet.ts'
import type { Files } from './file/files.ts'
import type { Texts } from './i18n/texts.ts'
import type { Mail } from './mail/mailer.ts'
import type { Permission, User } from './node/access.ts'
import type { Branch, NodeRef, Nodes } from './node/nodes.ts'
import type { Token } from './token.ts'

/**
 * The environment of one piece of work: a request, a task, a command or a test. Model functions take it as their
 * first argument, so they run the same in all four. Plugins add to it by augmentation (`djet.task`).
 *
 * @example
 * export async function confirm(djet: Djet, { orderId }: { orderId: number }) {
 *   await djet.transaction(async (djet) => {
 *     await djet.nodes.update(orderId, { data: { state: 'confirmed' } })
 *   })
 * }
 */
export interface Djet {
  /** The running site: plugins, basetypes, contributions. */
  readonly app: DjetApp
  readonly config: Config
  /** Query builder on this scope's connection: its transaction, when inside one. */
  readonly knex: Knex
  /** Plain SQL with `$1` parameters on the same connection. */
  query<Row = Record<string, unknown>>(
    statement: string | NamedStatement,
    values?: readonly unknown[],
  ): Promise<Row[]>
  /** The connection itself. */
  readonly connection: Connection
  /** Whether that is one of a transaction: what reads beside it would wait for a second one. */
  readonly inTransaction: boolean
  readonly nodes: Nodes
  readonly files: Files
  readonly mail: Mail
  readonly log: Logger
  /** Aborts when the request's client has gone, the task is cancelled or the process stops. */
  readonly signal: AbortSignal
  /** Who asks; null: a visitor, or the system itself. */
  readonly user: User | null
  /** By which token the user came; null: by none. It may narrow what he may do. */
  readonly token: Token | null
  /** True when access rules do not apply (tasks, commands, `asSystem()`). */
  readonly system: boolean
  /** Texts, dates and numbers in the language of whoever asks; of a task or a command, in the site's first one. */
  readonly texts: Texts
  /**
   * A text of the interface in that language, `djet.t('{{count}} pages', { count })`; the English text itself where
   * there is no translation.
   */
  readonly t: Texts['t']
  /** By which way the work came: a form, a program over HTTP, the command line, a task, the site itself. */
  readonly door: Door
  /**
   * Notes who did what, by which door: in the transaction of this scope, so that the record exists if and only if
   * the action does. Call it in the transaction that carries the action out.
   *
   * @example await djet.audit({ action: 'library.lend', subject: reader, nodeId: book.id })
   * @throws {DjetError} AUDIT_INVALID, for an action that is not called `<plugin>.<verb>`
   */
  audit(entry: AuditEntry): Promise<void>
  /**
   * Runs work in a transaction: committed when it returns, rolled back when it throws. The scope handed to it is
   * the one to use inside. Nested calls are savepoints.
   */
  transaction<T>(work: (djet: Djet) => Promise<T>): Promise<T>
  /** Runs after the outermost transaction has committed; at once outside one. */
  afterCommit(work: () => void | Promise<void>): Promise<void>
  /** The same scope without access rules: say it only where the caller's own rules have been checked. */
  asSystem(): Djet
  /**
   * A page is shown as visitors with other roles see it: nothing may be changed or kept meanwhile, and `editor` sees no
   * more of it than he may see himself. What asks for roles instead of `may` asks for his as well.
   */
  readonly preview?: { readonly editor: User | null }
  /** Whether the user of this scope may do it at the first node of a branch that is at hand. */
  may(permission: Permission, branch: Branch): boolean
  /** Whether the user of this scope may do it at that node. */
  can(permission: Permission, node: NodeRef): Promise<boolean>
  /**
   * @throws {DjetError} ACCESS_DENIED, status 403 (401 for a visitor)
   */
  require(permission: Permission, node: NodeRef): Promise<void>
}
