import Router, { type RouterContext } from '@koa/router'
import type { DefaultState, Middleware } from 'koa'
import type { Permission } from './node/access.ts'
import type { Node } from './node/node.ts'
import type { Branch } from './node/nodes.ts'
import type { Payload } from './payload.ts'
import type { Djet } from './scope.ts'
import type { Session } from './session.ts'

/** What a page may say to whoever sees the next page. */
export type FlashKind = 'done' | 'notice' | 'problem'

/** A button beside a message, such as `Undo`: posts to a path of this site. */
export interface FlashAction {
  readonly label: string
  readonly url: string
}

/** What Djet adds to Koa's context for a request to a node. */
export interface DjetContext {
  djet: Djet
  /** The basenode: the longest part of the path that is a node. */
  node: Node
  /** The basenode first, the root last. */
  branch: Branch
  /** What is left of the path behind the basenode, `/` when nothing is. The engine's routes match it. */
  restPath: string
  /** The values templates see; set your own on it. */
  payload: Payload
  session: Session
  /** Fields of the posted form or the posted JSON object. Repeated fields are arrays. */
  form: Readonly<Record<string, unknown>>
  /** Files of a posted form by field, on routes with `upload()`. */
  files: Readonly<Record<string, readonly import('./file/files.ts').StoredFile[]>>
  /** What was wrong with files of a posted form, by field, on routes with `upload({ collect: true })`. */
  fileErrors: Readonly<Record<string, readonly string[]>>
  /** A message on the next page this visitor sees. */
  flash(message: string, kind?: FlashKind, action?: FlashAction): void
  /**
   * Answers with a template and values, or with the same values as JSON when the client asks for that.
   * Without a template: the one of the node's basetype.
   */
  render(template?: string, values?: Record<string, unknown>): Promise<void>
  /** URL of a place below this node: `ctx.below('/task/7')` -> `/jobs/task/7`. */
  below(restPath?: string): string
  /** 303 to a path of this site: the answer to a good POST. */
  seeOther(path: string): void
}

export type EngineContext = RouterContext<DefaultState, DjetContext>
export type EngineMiddleware = Middleware<DefaultState, DjetContext>
export type EngineRouter = Router<DefaultState, DjetContext>

/** What answers for the nodes of a basetype: an @koa/router Router over the rest path. */
export interface Engine {
  readonly router: EngineRouter
  /** The router's middleware, made once. */
  readonly routes: EngineMiddleware
  readonly guards?: (restPath: string) => boolean
}

export interface EngineOptions {
  /**
   * Rest paths whose access the engine's own routes check: `view` at the node is not asked for there, and the default
   * engine does not answer. For links that open one thing to someone who may not see the node.
   */
  guards?: (restPath: string) => boolean
}

/**
 * Declares an engine. Its routes match the rest path (`/` is the node itself); what it does not answer falls to
 * the default engine (view, and below `/-/` edit, new, delete).
 *
 * @example
 * export const orderEngine = defineEngine((router) => {
 *   router.get('/', async (ctx) => ctx.render(undefined, { lines: await orderLines(ctx.djet, ctx.node.id) }))
 *   router.post('/confirm', allow('edit'), async (ctx) => {
 *     await confirm(ctx.djet, { orderId: ctx.node.id })
 *     ctx.flash('Order confirmed.')
 *     ctx.seeOther(ctx.below('/'))
 *   })
 * })
 */
export function defineEngine(routes: (router: EngineRouter) => void, options: EngineOptions = {}): Engine {
  const router: EngineRouter = new Router()
  routes(router)
  return Object.freeze({ router, routes: router.routes() as unknown as EngineMiddleware, ...options })
}

/** Route middleware: goes on only for those who have the permission at this node (`view` is checked before). */
export function allow(permission: Permission): EngineMiddleware {
  return async (ctx, next) => {
    await ctx.djet.require(permission, ctx.node)
    await next()
  }
}
