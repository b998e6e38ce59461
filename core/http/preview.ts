import type { DjetApp } from '../djet.ts'
import type { EngineContext } from '../engine.ts'
import { DjetError } from '../error.ts'
import { ADMIN, type User } from '../node/access.ts'
import { knownRoles } from '../node/known-roles.ts'
import type { Node } from '../node/node.ts'
import type { Branch } from '../node/nodes.ts'
import { PreviewRights } from '../node/preview-rights.ts'
import { isHidden } from '../node/status.ts'
import { urlBelow } from '../payload.ts'
import type { Session } from '../session.ts'
import { headersOf } from './security-headers.ts'

/** Where below a node it is seen as others see it: `/-/preview?as=staff`. */
export const PREVIEW = '/-/preview'

const MOST_ROLES = 10

export interface PreviewTools {
  readonly app: DjetApp
  /** Gives the context the helpers and the payload of what it is to show. */
  readonly prepare: (ctx: EngineContext, path: string) => void
  /** Lets the engine of the node answer. */
  readonly answer: (ctx: EngineContext) => Promise<unknown>
}

/**
 * Shows a node with its draft as visitors with the roles asked for would see it once it is published, and no more of it
 * than the editor may see himself. Nothing can be changed by it: it is made in a read-only transaction, its forms have
 * no token and browsers do not send them. It is kept by nobody.
 *
 * @throws {DjetError} ACCESS_DENIED without `edit` at the node, and for roles that only an administrator may look through
 */
export async function showPreview({ app, prepare, answer }: PreviewTools, ctx: EngineContext): Promise<void> {
  const editor = ctx.djet
  await editor.require('edit', ctx.node)
  const roles = rolesAsked(ctx)
  const visitor = visitorWith(roles, ctx)
  const edited = await editor.nodes.withDraft(ctx.node)
  const draft = await editor.nodes.draftOf(ctx.node)
  const bar = {
    roles,
    known: await knownRoles(editor, ctx.branch),
    draft: draft?.id ?? null,
    unpublished: isHidden(ctx.branch),
    url: (names: readonly string[]) => `${urlBelow(ctx.node, PREVIEW)}?as=${names.join(',')}`,
    editUrl: urlBelow(ctx.node, '/-/edit'),
  }
  const { djet, node, branch, restPath, session } = ctx
  const rights = new PreviewRights(visitor, app.rules, app.rules.for(editor.user, editor.token?.scopes))
  const seen = asPublished(edited, branch, (at) => editor.may('edit', at))
  const show = (work: () => Promise<unknown>): Promise<void> =>
    app.database.transaction(async (connection) => {
      await connection.query('set transaction read only')
      const scope = app.scope({
        user: visitor,
        rights,
        connection,
        language: editor.texts.language,
        signal: () => editor.signal,
        origin: { door: editor.door },
        add: { preview: { editor: editor.user } },
      })
      Object.assign(ctx, { djet: scope, node: seen[0], branch: seen, restPath: '/' })
      ctx.session = withoutSession(visitor)
      ctx.state.reads = undefined
      prepare(ctx, node.path)
      await work()
    })
  try {
    await show(async () => {
      rights.require('view', seen)
      await answer(ctx)
    }).catch((error) => {
      const reason = refusalOf(error)
      if (reason === undefined) throw error
      ctx.status = 200
      return show(() => ctx.render('node/preview-refused.eta', { reason }))
    })
    if (ctx.status >= 300 && ctx.status < 400) {
      const place = ctx.response.get('Location')
      ctx.remove('Location')
      ctx.status = 200
      await show(() => ctx.render('node/preview-refused.eta', { reason: 'leads', place }))
    }
    await addBar(app, ctx, bar)
  } finally {
    Object.assign(ctx, { djet, node, branch, restPath, session })
  }
}

/** @throws {DjetError} ROLE_INVALID, 422 */
function rolesAsked(ctx: EngineContext): string[] {
  const asked = [ctx.query.as ?? ''].flat().flatMap((names) => names.split(','))
  const roles = [
    ...new Set(asked.map((name) => name.trim()).filter((name) => name !== '' && name !== 'guest')),
  ]
  if (roles.length <= MOST_ROLES && roles.every((name) => /^[\p{L}\p{N}_-]{1,50}$/u.test(name))) return roles
  throw new DjetError('ROLE_INVALID', `the roles of a preview are at most ${MOST_ROLES} names of roles.`, {
    status: 422,
  })
}

/** Nobody but a guest has no roles. @throws {DjetError} ACCESS_DENIED, 403 */
function visitorWith(roles: readonly string[], ctx: EngineContext): User | null {
  const own = ctx.djet.user?.roles ?? []
  if (roles.includes(ADMIN) && !own.includes(ADMIN)) {
    throw new DjetError('ACCESS_DENIED', 'only an administrator sees pages as administrators do.', {
      status: 403,
    })
  }
  const named = roles.filter((role) => role !== 'everyone' && role !== 'user')
  if (named.length === 0 && !roles.includes('user')) return null
  return { id: 0, login: 'preview', name: ctx.djet.t('Preview'), roles: named }
}

/** The branch as it is once the node is published, with what the editor may publish above it. */
function asPublished(node: Node, branch: Branch, mayEdit: (branch: Branch) => boolean): Branch {
  return branch.map((step, index) => {
    const shown = index === 0 ? node : step
    return mayEdit(branch.slice(index)) ? Object.freeze({ ...shown, status: 'published' as const }) : shown
  })
}

/** Nobody logs in or out by a preview, takes messages or gets a token. */
function withoutSession(user: User | null): Session {
  const none = {
    id: undefined,
    user,
    formToken: () => '',
    checkFormToken: () => false,
    addFlash: async () => {},
    takeFlash: async () => [],
  }
  // it has what pages ask of a session; the rest fails like any call of what is not there
  return none as unknown as Session
}

/** Why such visitors do not get the page, or why there is no preview; undefined: something is broken. */
function refusalOf(error: unknown): 'writes' | 'missing' | 'denied' | undefined {
  if (isWrite(error)) return 'writes'
  if (!(error instanceof DjetError) || error.status >= 500) return undefined
  return error.status === 404 ? 'missing' : 'denied'
}

/** What PostgreSQL says to a write in a read-only transaction, be it in the middle of a template. */
function isWrite(error: unknown): boolean {
  return error instanceof Error && ((error as { code?: string }).code === '25006' || isWrite(error.cause))
}

async function addBar(app: DjetApp, ctx: EngineContext, preview: object): Promise<void> {
  ctx.set('Cache-Control', 'no-store')
  ctx.set('X-Robots-Tag', 'noindex, nofollow')
  ctx.remove('ETag')
  ctx.state.private = true
  const policy = headersOf(ctx.secure)['Content-Security-Policy'] ?? ''
  ctx.set('Content-Security-Policy', policy.replace(/form-action [^;]*/, "form-action 'none'"))
  if (typeof ctx.body !== 'string' || !ctx.response.is('html')) return
  const bar = await app.renderer.render('node/preview-bar.eta', { ...ctx.payload, preview })
  // the way past what is at the top stays the first thing on a page
  const top = /<body[^>]*>(?:\s*<a class="skip-link"[^>]*>[^<]*<\/a>)?/i
  ctx.body = ctx.body.replace(top, (body) => `${body}\n${bar}`)
}
