import type { DjetApp } from '../djet.ts'
import type { EngineContext } from '../engine.ts'
import { DjetError, didYouMean } from '../error.ts'
import { checkFormToken } from '../http/csrf.ts'
import { ifMatch } from '../http/if-match.ts'
import { conditional } from '../http/page-cache.ts'
import { upload } from '../http/upload.ts'
import { scopeMissing } from '../node/rights.ts'
import type { Djet } from '../scope.ts'
import { answerCors, isPreflight } from './cors.ts'
import { onceForKey } from './idempotency.ts'
import { openApiDocument } from './openapi.ts'
import type { ApiAnswer, ApiCall, ApiOperation, ApiPart } from './operation.ts'
import { partsOf } from './parts.ts'
import { parsed } from './problem.ts'
import { ApiRoutes } from './routes.ts'
import { typeSchemas } from './type-schemas.ts'

/** Where the API begins. */
export const API = '/-/api'
const DOCUMENT = '/-/openapi.json'
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** Whether a path is one of the API and not of the tree. */
export function isApiPath(path: string): boolean {
  return path === API || path.startsWith(`${API}/`) || path === DOCUMENT
}

/** Looks whether the schemas that answers name are there; those of basetypes, `book.Node`, come and go with these. */
function checkSchemas(app: DjetApp, parts: readonly ApiPart[]): void {
  const shapes = parts.flatMap(({ schemas = {} }) => Object.keys(schemas))
  const known = [...shapes, ...Object.keys(typeSchemas(app.basetypes))]
  for (const { id, answers } of parts.flatMap(({ operations }) => operations)) {
    for (const [, name] of JSON.stringify(answers).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (known.includes(name!)) continue
      const message = `the operation ${id} of the API answers with '${name}', which is among no plugin's schemas.`
      throw new DjetError('API_SCHEMA_UNKNOWN', `${message}${didYouMean(name!, known)}`)
    }
  }
}

/** Makes what answers for the API of a site. */
export function apiOf(app: DjetApp): (ctx: EngineContext) => Promise<void> {
  const parts = partsOf(app)
  checkSchemas(app, parts)
  const routes = new ApiRoutes(parts.flatMap(({ operations }) => operations))
  return async (ctx) => {
    const path: string = ctx.state.path
    ctx.state.private = true
    ctx.set('Cache-Control', 'no-store')
    ctx.set('Vary', 'Authorization, Cookie, Origin')
    answerCors(app, ctx)
    if (path === DOCUMENT) return answerDocument(app, ctx)
    const match = routes.match(path.slice(API.length).replace(/\/$/, '') || '/')
    if (match === undefined) {
      throw new DjetError('NOT_FOUND', `the API has nothing at ${path.slice(0, 200)}. See ${DOCUMENT}.`, {
        status: 404,
      })
    }
    const { operations, params } = match
    const operation = operations.get(ctx.method === 'HEAD' ? 'GET' : ctx.method)
    if (operation === undefined) return refuseMethod(ctx, [...operations.keys()])
    await answer(ctx, operation, params)
  }
}

function refuseMethod(ctx: EngineContext, methods: readonly string[]): void {
  const allowed = [...(methods.includes('GET') ? [...methods, 'HEAD'] : methods), 'OPTIONS']
  ctx.set('Allow', allowed.join(', '))
  if (isPreflight(ctx)) ctx.set('Access-Control-Allow-Methods', allowed.join(', '))
  if (ctx.method !== 'OPTIONS') {
    const message = `${ctx.method} is not possible here, only ${allowed.join(', ')}.`
    throw new DjetError('METHOD_NOT_ALLOWED', message, { status: 405 })
  }
  ctx.status = 204
}

/** The document is for whoever is known: visitors are not told what types a site has. */
function answerDocument(app: DjetApp, ctx: EngineContext): void {
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
    refuseMethod(ctx, ['GET'])
    return
  }
  requireUser(ctx)
  ctx.set('Cache-Control', 'private, no-cache')
  ctx.type = 'json'
  ctx.status = 200
  ctx.body = JSON.stringify(openApiDocument(app))
  conditional(ctx)
}

function requireUser({ djet }: EngineContext): void {
  if (djet.user !== null) return
  throw new DjetError('LOGIN_NEEDED', 'a token is needed for this.', { status: 401 })
}

async function answer(
  ctx: EngineContext,
  operation: ApiOperation,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  const { djet } = ctx
  const unsafe = UNSAFE.has(ctx.method)
  if (!operation.open || unsafe) requireUser(ctx)
  if (djet.token && !djet.token.scopes.includes(operation.scope)) throw scopeMissing(operation.scope)
  if (unsafe && !checkFormToken(ctx, ctx.get('x-csrf-token'))) {
    const message = 'with a cookie each change needs the header x-csrf-token, from /-/session.'
    throw new DjetError('FORM_EXPIRED', message, { status: 403 })
  }
  const query = queryOf(operation, ctx)
  const body = operation.body === undefined ? undefined : parsed(operation.body, bodyOf(ctx), 'body')
  const receive = () => receiveUpload(ctx)
  const call = { ctx, params, query, body, receive, expected: expectedOf(ctx, operation) }
  const handle = (djet: Djet) =>
    withIfMatchStatus(call.expected, operation, () =>
      operation.handle({ ...call, djet } as ApiCall<never, never>),
    )
  // No transaction waits for a client that sends slowly; of two uploads the one that nothing uses is removed.
  const result = await (operation.upload ? handle(djet) : onceForKey(ctx, handle))
  send(ctx, result)
}

function queryOf({ query }: ApiOperation, ctx: EngineContext): unknown {
  const given = Object.fromEntries(new URLSearchParams(ctx.querystring))
  if (query !== undefined) return parsed(query, given, 'query')
  const [odd] = Object.keys(given)
  if (odd === undefined) return {}
  throw new DjetError('QUERY_INVALID', `nothing is known of '${odd.slice(0, 40)}' here.`, { status: 400 })
}

/** @throws {DjetError} MEDIA_TYPE, 415, and those of `upload()` */
async function receiveUpload(ctx: EngineContext): Promise<void> {
  if (!ctx.is('multipart/form-data')) {
    throw new DjetError('MEDIA_TYPE', 'send a form: Content-Type: multipart/form-data.', { status: 415 })
  }
  await upload({ maxFiles: 1 })(ctx as never, async () => {})
}

/** @throws {DjetError} MEDIA_TYPE, 415; BODY_INVALID, 400 */
function bodyOf(ctx: EngineContext): unknown {
  const length = ctx.request.length ?? 0
  const hasBody = length > 0 || ctx.headers['transfer-encoding'] !== undefined
  if (!hasBody) return {}
  if (!ctx.is('json', 'application/merge-patch+json')) {
    ctx.set(ctx.method === 'PATCH' ? 'Accept-Patch' : 'Accept-Post', 'application/json')
    throw new DjetError('MEDIA_TYPE', 'send JSON, with Content-Type: application/json.', { status: 415 })
  }
  return (ctx.request as { body?: unknown }).body
}

/** @throws {DjetError} IF_MATCH_NEEDED, 428; IF_MATCH_INVALID, 400 */
function expectedOf(ctx: EngineContext, { ifMatch: needs }: ApiOperation): { ifVersion?: string } {
  if (needs === undefined) return {}
  if (needs === 'required' && ctx.get('If-Match') === '') {
    const message =
      'say which version you change: If-Match with the ETag you were given, or * for whatever is there.'
    throw new DjetError('IF_MATCH_NEEDED', message, { status: 428 })
  }
  const version = ifMatch(ctx)
  return version === undefined ? {} : { ifVersion: version }
}

/** Another version than `If-Match` says is 412. */
async function withIfMatchStatus<T>(
  { ifVersion }: { ifVersion?: string },
  { changed = 'NODE_CHANGED' }: ApiOperation,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (ifVersion === undefined || !(error instanceof DjetError) || error.code !== changed) throw error
    const { message, details } = error
    throw new DjetError(error.code, message, { status: 412, cause: error, ...(details ? { details } : {}) })
  }
}

function send(ctx: EngineContext, { status, body, version, location }: ApiAnswer): void {
  if (location !== undefined) ctx.set('Location', `${API}${location}`)
  if (body === undefined) {
    ctx.status = status ?? 204
    return
  }
  const next = (body as { next?: unknown }).next
  if (typeof next === 'string') ctx.set('Link', `<${next}>; rel="next"`)
  ctx.status = status ?? 200
  ctx.type = 'json'
  ctx.body = JSON.stringify(body)
  ctx.set('Cache-Control', ctx.djet.user === null ? 'no-cache' : 'private, no-cache')
  if (version !== undefined) ctx.state.version = version
  if (ctx.method === 'GET' || ctx.method === 'HEAD' || version !== undefined) conditional(ctx)
}
