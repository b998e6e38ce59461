import type { Middleware } from 'koa'
import { apiOf, isApiPath } from '../api/api.ts'
import type { Door } from '../audit.ts'
import { defaultEngine } from '../default-engine.ts'
import type { DjetApp } from '../djet.ts'
import type { Engine, EngineContext, FlashKind } from '../engine.ts'
import { DjetError } from '../error.ts'
import type { Texts } from '../i18n/texts.ts'
import { Reads } from '../node/reads.ts'
import { isHidden } from '../node/status.ts'
import { nodeJson, pageJson } from '../node-json.ts'
import { encodePath, type FormState, type PayloadMaker, payloadMaker, urlBelow } from '../payload.ts'
import { type Flash, Session, type SessionSettings } from '../session.ts'
import { templateOf } from '../template.ts'
import { wantsJson } from './accept.ts'
import { bearerOf, bringsForeignToken, requireAnyChange, wrongToken } from './bearer.ts'
import type { BodyReader } from './body.ts'
import { requireFormToken, tokenIsChecked } from './csrf.ts'
import { isEditForm } from './form-path.ts'
import { isLocalPath } from './local-path.ts'
import { redirectMoved } from './moved.ts'
import { conditional } from './page-cache.ts'
import { PREVIEW, type PreviewTools, showPreview } from './preview.ts'
import { TokenLimits } from './token-limits.ts'
import { takesUploads } from './upload.ts'

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export interface DispatchOptions {
  app: DjetApp
  session: SessionSettings
  body: BodyReader
}

/** From the path to the answer: session, body, navigator, access, engine. */
export function dispatch({ app, session: settings, body }: DispatchOptions): Middleware {
  const payloadOf = payloadMaker(app)
  const limits = new TokenLimits(app.config.api.rate)
  const api = apiOf(app)
  const preview: PreviewTools = {
    app,
    prepare: (ctx, path) => addHelpers(app, payloadOf, ctx, path),
    answer: (ctx) => route(app, ctx),
  }
  return async (context) => {
    const ctx = context as unknown as EngineContext
    const path: string = ctx.state.path
    const isApi = isApiPath(path)
    ctx.state.api = isApi
    const unsafe = UNSAFE.has(ctx.method)
    const bearer = await bearerOf(ctx, app.database)
    if (bearer) await limits.count(ctx, bearer.token)
    ctx.session = bearer
      ? Session.ofToken(ctx, app.database, settings, bearer.user)
      : await Session.load(ctx, app.database, settings)
    const { user } = ctx.session
    const token = bearer?.token ?? null
    const reads = !unsafe && user === null && app.caches.pages ? new Reads() : undefined
    ctx.state.reads = reads
    const door = token !== null || isApi ? ('api' as const) : doorOf(ctx)
    const origin = token === null ? { door } : { door, via: `token ${token.name}` }
    const language = app.languages.of(ctx)
    ctx.djet = app.scope({
      user,
      token,
      origin,
      language,
      signal: signalOf(ctx, app.signal),
      ...(reads ? { reads } : {}),
    })
    ctx.form = unsafe ? await body.read(ctx, user !== null && isEditForm(path)) : {}
    ctx.files = {}
    ctx.fileErrors = {}

    const isForeign = bringsForeignToken(ctx)
    if (isForeign) ctx.state.isProgram = true
    if (isApi) {
      if (isForeign) throw wrongToken(ctx)
      await api(ctx)
      if (unsafe) await app.catchUp()
      return
    }
    if (redirectToCleanPath(ctx, path)) return
    if (unsafe && token !== null) requireAnyChange(token)
    try {
      await navigate(app, ctx, path)
      addHelpers(app, payloadOf, ctx, path)
      if (!isGuarded(app, ctx)) {
        if (isForeign) throw wrongToken(ctx)
        requireView(app, ctx, path)
      }
      if (ctx.restPath === PREVIEW && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
        await showPreview(preview, ctx)
        return
      }
      if (!(await route(app, ctx))) return
      if (ctx.status === 404 && (ctx.body === undefined || ctx.body === null)) throw notFound(path)
    } catch (error) {
      if (await redirectMoved(ctx, path, error)) return
      throw error
    }
    // Programs see no next page.
    for (const flash of token === null ? ctx.state.flashes : []) await ctx.session.addFlash(flash)
    if (unsafe) await app.catchUp()
    if (typeof ctx.body === 'string') conditional(ctx)
  }
}

/** Programs send or ask for JSON. */
function doorOf(ctx: EngineContext): Door {
  const isProgram = wantsJson(ctx) || (ctx.headers['content-type'] !== undefined && ctx.is('json') === 'json')
  return isProgram ? 'api' : 'page'
}

/** Aborts when the client has gone or the site stops. Made at first need: few requests ask, and it is dear. */
function signalOf({ res }: EngineContext, stopping: AbortSignal): () => AbortSignal {
  let signal: AbortSignal | undefined
  return () => {
    if (signal) return signal
    const gone = new AbortController()
    if (res.closed) gone.abort()
    else res.once('close', () => gone.abort())
    signal = AbortSignal.any([gone.signal, stopping])
    return signal
  }
}

/** `/a//b/` -> `/a/b`: one address for one page. Never to another host, which `//b` would be. */
function redirectToCleanPath(ctx: EngineContext, path: string): boolean {
  if (path === '/' || !(path.endsWith('/') || path.includes('//'))) return false
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw notFound(path)
  ctx.status = 301
  ctx.redirect(encodePath(`/${path.split('/').filter(Boolean).join('/')}`) + ctx.search)
  return true
}

/** The navigator: the basenode, its branch and the rest path of a request. */
async function navigate(app: DjetApp, ctx: EngineContext, path: string): Promise<void> {
  const found = await ctx.djet.nodes.navigate(path)
  const [node] = found.branch
  if (node === undefined) {
    throw new DjetError('SITE_EMPTY', 'this site has no pages yet. Run: djet seed', {
      status: 503,
      expose: true,
    })
  }
  if (!app.basetypes.has(node.basetype)) {
    const message = `node ${node.path} is of basetype '${node.basetype}', which no plugin of this site brings.`
    app.log.warn(message)
    throw notFound(path)
  }
  Object.assign(ctx, { node, branch: found.branch, restPath: found.restPath })
}

function addHelpers(app: DjetApp, payloadOf: PayloadMaker, ctx: EngineContext, path: string): void {
  const flashes: Flash[] = []
  ctx.state.flashes = flashes
  ctx.payload = payloadOf({
    djet: ctx.djet,
    node: ctx.node,
    branch: ctx.branch,
    restPath: ctx.restPath,
    path,
    query: queryOf(ctx),
    here: ctx.method === 'GET' ? ctx.url : encodePath(ctx.node.path),
    reads: ctx.state.reads,
    csrfToken: () => {
      ctx.state.private = true
      return ctx.session.formToken()
    },
  })
  ctx.flash = (message, kind: FlashKind = 'done', action) => {
    const { texts } = ctx.djet
    const translated = action && { ...action, label: texts.t(action.label) }
    flashes.push({ message: texts.message(message), kind, ...(translated ? { action: translated } : {}) })
  }
  ctx.below = (restPath) => urlBelow(ctx.node, restPath)
  ctx.seeOther = (to) => {
    ctx.status = 303
    ctx.redirect(localPath(to))
  }
  ctx.render = (template, values = {}) => render(app, ctx, template, values)
}

function engineOf(app: DjetApp, { payload }: EngineContext): Engine {
  return app.engines.get(payload.basetype.engine ?? 'default') ?? defaultEngine
}

/** @throws {DjetError} ACCESS_DENIED; NOT_FOUND for what is not published, in the words of any page there is not */
function requireView(app: DjetApp, ctx: EngineContext, path: string): void {
  const rights = app.rules.for(ctx.session.user)
  if (isHidden(ctx.branch) && !rights.may('view', ctx.branch)) throw notFound(path)
  rights.require('view', ctx.branch)
}

/** Whether the engine checks access to this place by itself. */
function isGuarded(app: DjetApp, ctx: EngineContext): boolean {
  return engineOf(app, ctx).guards?.(ctx.restPath) ?? false
}

/**
 * Lets the engine answer whose routes fit the rest path and the verb: the basetype's own, else the default one.
 * False: OPTIONS was answered.
 * @throws {DjetError} NOT_FOUND 404, METHOD_NOT_ALLOWED 405, UPLOAD_UNEXPECTED 415, FORM_EXPIRED 403
 */
async function route(app: DjetApp, ctx: EngineContext): Promise<boolean> {
  const state = ctx as unknown as { newRouterPath: string; routeMatched?: boolean }
  state.newRouterPath = ctx.restPath
  const own = engineOf(app, ctx)
  if (own === defaultEngine && ctx.restPath === '/' && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
    // What is asked for most. The router would find the same.
    await ctx.render()
    return true
  }
  const engines = own === defaultEngine || isGuarded(app, ctx) ? [own] : [own, defaultEngine]
  for (const engine of engines) {
    if (UNSAFE.has(ctx.method)) {
      const match = engine.router.match(ctx.restPath, ctx.method)
      if (match.route) guardForm(ctx, match.pathAndMethod)
    }
    await engine.routes(ctx as never, async () => {})
    if (state.routeMatched) return true
  }
  const layers = engines.flatMap((engine) => engine.router.match(ctx.restPath, ctx.method).path)
  const allowed = new Set(layers.flatMap((layer) => layer.methods))
  if (allowed.size === 0) throw notFound(ctx.state.path)
  ctx.set('Allow', [...allowed, 'OPTIONS'].join(', '))
  if (ctx.method !== 'OPTIONS') {
    const message = `${ctx.method} is not possible here, only ${[...allowed].join(', ')}.`
    throw new DjetError('METHOD_NOT_ALLOWED', message, { status: 405 })
  }
  ctx.status = 204
  return false
}

function guardForm(ctx: EngineContext, layers: readonly { stack: readonly unknown[] }[]): void {
  if (!ctx.is('multipart/form-data')) {
    if (!layers.some((layer) => tokenIsChecked(layer.stack))) requireFormToken(ctx)
  } else if (!layers.some((layer) => takesUploads(layer.stack))) {
    throw new DjetError('UPLOAD_UNEXPECTED', 'this place takes no files.', { status: 415 })
  }
}

async function render(
  app: DjetApp,
  ctx: EngineContext,
  template: string | undefined,
  values: Record<string, unknown>,
): Promise<void> {
  if (ctx.status === 404) ctx.status = 200
  ctx.set('Vary', app.languages.vary)
  ctx.set('Cache-Control', ctx.session.user === null ? 'no-cache' : 'private, no-cache')
  if (wantsJson(ctx)) {
    refuseForm(ctx)
    ctx.type = 'json'
    if (ctx.restPath === '/') ctx.state.version = ctx.node.version
    ctx.body = pageJson(ctx, { ...(await nodeJson(ctx)), ...values })
    return
  }
  const { texts } = ctx.djet
  ctx.payload.form = inLanguage(texts, ctx.payload.form)
  const shown = 'form' in values ? { ...values, form: inLanguage(texts, values.form as FormState) } : values
  ctx.payload.flash = await ctx.session.takeFlash()
  if (ctx.payload.flash.length > 0) ctx.state.private = true
  ctx.type = 'html'
  ctx.body = await app.renderer.render(template ?? templateOf(app, ctx.node), valuesFor(ctx, shown))
  // A guest's own: with the token of his forms, or a message to him.
  if (ctx.state.private && ctx.session.user === null) ctx.set('Cache-Control', 'private, no-cache')
}

/** A page shows a form that failed again; a program is told what is wrong with it. */
function refuseForm({ status, payload }: EngineContext): void {
  const { errors } = payload.form
  if (status < 400 || Object.keys(errors).length === 0) return
  const { '': whole = 'what was sent cannot be taken as it is.', ...fields } = errors
  throw new DjetError('FORM_INVALID', whole, { status, fields })
}

/** The messages of a form in the visitor's language. */
function inLanguage(texts: Texts, form: FormState): FormState {
  for (const _ in form.errors) return { ...form, errors: texts.messages(form.errors) }
  return form
}

/** What the template sees. Copying the payload is dear, and most pages add nothing to it. */
function valuesFor({ payload }: EngineContext, values: Record<string, unknown>): Record<string, unknown> {
  for (const _ in values) return { ...payload, ...values }
  return payload
}

function queryOf(ctx: EngineContext): Record<string, string> {
  if (ctx.search === '') return {}
  return Object.fromEntries(
    Object.entries(ctx.query).map(([key, value]) => [
      key,
      (Array.isArray(value) ? value.at(-1) : value) ?? '',
    ]),
  )
}

/** Keeps a redirect on this site. */
function localPath(path: string): string {
  return isLocalPath(path) ? path : '/'
}

function notFound(path: string): DjetError {
  return new DjetError('NOT_FOUND', `there is no page at ${path.slice(0, 200)}.`, { status: 404 })
}
