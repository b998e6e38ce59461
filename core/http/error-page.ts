import { STATUS_CODES } from 'node:http'
import type { Context, Middleware } from 'koa'
import { isApiPath } from '../api/api.ts'
import { problemDetails } from '../api/problem.ts'
import type { DjetApp } from '../djet.ts'
import { DjetError } from '../error.ts'
import { sentence } from '../i18n/sentence.ts'
import { escapeHtml } from '../i18n/texts.ts'
import { type PayloadMaker, payloadMaker } from '../payload.ts'
import { wantsJson } from './accept.ts'
import { challenge } from './bearer.ts'
import { requestId } from './request-log.ts'
import { returnTyped } from './return-typed.ts'

interface Problem {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly fields?: Readonly<Record<string, string>> | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** Turns whatever was thrown into a page or JSON with its status. Only meant texts are shown; the rest is logged. */
export function errorPages(app: DjetApp): Middleware {
  const payloads = payloadMaker(app)
  const backToForm = returnTyped(app, payloads)
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      const problem = problemOf(error)
      // That the database is away is told once, not for each request.
      const level = isAway(error) ? 'debug' : 'error'
      if (problem.status >= 500)
        app.log[level]({ err: error, id: requestId(ctx), url: ctx.url }, 'request failed')
      if (ctx.headerSent || !ctx.writable) return
      // What is refused before it is known where it leads, such as an address that is too long.
      ctx.state.api ??= isApiPath(ctx.path)
      if (await backToForm(ctx, problem)) return
      if (problem.status === 401 && (await sendToLogin(app, ctx))) return
      await answer(app, payloads, ctx, problem)
    }
  }
}

function isAway(error: unknown): boolean {
  return error instanceof DjetError && error.code === 'DATABASE_UNREACHABLE'
}

function problemOf(error: unknown): Problem {
  if (error instanceof DjetError) {
    return {
      status: error.status,
      code: error.code,
      message: error.expose ? error.message : hidden(error.status),
      fields: error.fields,
      details: error.expose ? error.details : undefined,
    }
  }
  // Errors of Koa and its parsers carry a status and say whether their text is meant for the client.
  const { status, expose, type } = error as { status?: unknown; expose?: unknown; type?: unknown }
  if (typeof status !== 'number' || status < 400 || status > 499)
    return { status: 500, code: 'INTERNAL', message: hidden(500) }
  if (type === 'entity.too.large' || status === 413) {
    return {
      status: 413,
      code: 'BODY_TOO_LARGE',
      message: 'what was sent is larger than this place accepts.',
    }
  }
  const message =
    expose === true && error instanceof Error ? error.message : (STATUS_CODES[status] ?? 'Error')
  return { status, code: status === 400 ? 'BODY_INVALID' : `HTTP_${status}`, message }
}

function hidden(status: number): string {
  return status === 503
    ? 'the site is busy. Try again in a moment.'
    : 'something went wrong here. It has been noted; try again later.'
}

/** Whether it is a program that asks: it wants JSON, uses the API, or came with a token. */
function isProgram(ctx: Context): boolean {
  return wantsJson(ctx) || ctx.state.api || ctx.state.isProgram || Boolean(ctx.djet?.token)
}

/** Says what a program needs, or how long it waits, in headers. */
function challengeProgram(ctx: Context, { status, code, details }: Problem): void {
  if (status === 401) ctx.set('WWW-Authenticate', challenge(ctx.state.challenge))
  if (code === 'SCOPE_MISSING') {
    ctx.set('WWW-Authenticate', challenge(`error="insufficient_scope", scope="${String(details?.scope)}"`))
  }
  if (ctx.state.retryAfter) ctx.set('Retry-After', String(ctx.state.retryAfter))
}

/** A visitor who may not is sent to the login page and comes back afterwards. */
async function sendToLogin(app: DjetApp, ctx: Context): Promise<boolean> {
  if (isProgram(ctx) || ctx.state.path === app.config.login) return false
  const { restPath } = await app.scope().nodes.navigate(app.config.login)
  if (restPath !== '/') return false
  const back = ctx.method === 'GET' || ctx.method === 'HEAD' ? ctx.url : (ctx.node?.path ?? '/')
  ctx.status = 303
  ctx.set('Cache-Control', 'no-store')
  ctx.redirect(`${app.config.login}?return=${encodeURIComponent(back)}`)
  return true
}

async function answer(app: DjetApp, payloads: PayloadMaker, ctx: Context, problem: Problem): Promise<void> {
  const allow = ctx.response.get('Allow')
  ctx.status = problem.status
  ctx.set('Cache-Control', 'no-store')
  ctx.remove('ETag')
  const texts = app.languages.texts(app.languages.of(ctx))
  if (allow) ctx.set('Allow', allow)
  if (isProgram(ctx)) challengeProgram(ctx, problem)
  if (ctx.state.api) {
    ctx.body = JSON.stringify({ ...problemDetails(problem), ...idOf(ctx, problem) })
    ctx.type = 'application/problem+json'
    return
  }
  if (isProgram(ctx)) {
    const { code, message, fields, details } = problem
    ctx.body = {
      error: {
        code,
        message: texts.message(message),
        ...(fields ? { fields: texts.messages(fields) } : {}),
        ...(details ? { details } : {}),
        ...idOf(ctx, problem),
      },
    }
    return
  }
  const title = texts.t(STATUS_CODES[problem.status] ?? 'Error')
  const message = sentence(texts.message(problem.message))
  ctx.type = 'html'
  try {
    const values = await payloadOf(app, payloads, ctx)
    ctx.body = await app.renderer.render('error.eta', {
      ...values,
      status: problem.status,
      title,
      message,
      requestId: problem.status >= 500 ? requestId(ctx) : undefined,
    })
  } catch (error) {
    app.log[isAway(error) ? 'debug' : 'error']({ err: error }, 'the error page could not be made')
    const told = error instanceof DjetError && error.expose ? `<p>${escapeHtml(error.message)}</p>` : ''
    ctx.body = `<!doctype html><html lang="${texts.language}"><title>${title}</title><h1>${problem.status} ${title}</h1>${told}</html>`
  }
}

function idOf(ctx: Context, problem: Problem): { requestId?: string } {
  return problem.status >= 500 ? { requestId: requestId(ctx) } : {}
}

async function payloadOf(app: DjetApp, payloads: PayloadMaker, ctx: Context) {
  const djet = ctx.djet ?? app.scope({ user: null, language: app.languages.of(ctx) })
  // A page that may not be seen does not tell its name in the breadcrumbs either.
  const seen = ctx.branch && app.rules.for(djet.user).may('view', ctx.branch)
  const branch = seen ? ctx.branch : (await app.scope().nodes.navigate('/')).branch
  return payloads({
    djet,
    node: branch[0],
    branch,
    restPath: '/',
    path: ctx.state.path ?? '/',
    query: {},
    csrfToken: () => ctx.session?.formToken() ?? '',
  })
}
