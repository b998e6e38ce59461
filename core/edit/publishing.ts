import { allow, type EngineContext, type EngineRouter } from '../engine.ts'
import { DjetError, messageOf } from '../error.ts'
import { wantsJson } from '../http/accept.ts'
import { sentence } from '../i18n/sentence.ts'
import { knownRoles } from '../node/known-roles.ts'
import type { PublishState } from '../node/publish.ts'
import { encodePath } from '../payload.ts'

/** Whether what this user saves here waits until somebody publishes it. */
export function draftsOnly({ node, payload }: EngineContext): boolean {
  return node.status === 'published' && !payload.can('publish')
}

/** What the form of a node shows beside its fields. */
export type Opened = {
  /** The version that the form begins with. */
  readonly version: string
  readonly publishing: PublishState
  /** Roles through whose eyes the node can be seen. */
  readonly previewRoles: readonly string[]
}

/** Fills the form with the node, or with the draft of it that is being worked on. */
export async function openForEditing(ctx: EngineContext): Promise<Opened> {
  const publishing = await ctx.djet.nodes.publishState(ctx.node)
  const { draft } = publishing
  const node = draft === null ? ctx.node : await ctx.djet.nodes.withDraft(ctx.node)
  const editing = { basetype: ctx.payload.basetype, data: node.data, changes: true }
  Object.assign(ctx.payload, { node, editing })
  const previewRoles = (await knownRoles(ctx.djet, ctx.branch)).filter((role) => role !== 'everyone')
  if (draft === null) return { version: String(ctx.node.version), publishing, previewRoles }
  return { version: draft.id, publishing, previewRoles }
}

/** What is done about drafts and publishing by a button: `/-/publish`, `/-/unpublish`, `/-/schedule` and so on. */
export function publishRoutes(router: EngineRouter): void {
  router.post('/-/publish', allow('publish'), (ctx) =>
    act(ctx, async () => {
      const version = String(ctx.form.version ?? '')
      const options = { over: ctx.form.over !== undefined, ...(version === '' ? {} : { ifVersion: version }) }
      const node = await ctx.djet.nodes.publish(ctx.node, options)
      return `${node.name} is published.`
    }),
  )

  router.post('/-/unpublish', allow('publish'), (ctx) =>
    act(ctx, async () => {
      const node = await ctx.djet.nodes.unpublish(ctx.node)
      return `${node.name} is unpublished: visitors see neither it nor what is below it.`
    }),
  )

  router.post('/-/discard-draft', allow('edit'), (ctx) =>
    act(ctx, async () => {
      const discarded = await ctx.djet.nodes.discardDraft(ctx.node)
      return discarded ? 'The draft is discarded. It is kept among the versions.' : 'There was no draft.'
    }),
  )

  router.post('/-/schedule', allow('publish'), (ctx) =>
    act(ctx, async () => {
      const set = await ctx.djet.nodes.publishState(ctx.node)
      const times = {
        publishAt: timeOf(ctx, 'publishAt', set.publishAt),
        unpublishAt: timeOf(ctx, 'unpublishAt', set.unpublishAt),
      }
      const { publishAt, unpublishAt } = await ctx.djet.nodes.schedule(ctx.node, times)
      return publishAt || unpublishAt
        ? 'The times are set.'
        : 'It is neither published nor unpublished by itself.'
    }),
  )
}

/** Does it and says so on the page of the form; what is refused is said there as well. */
async function act(ctx: EngineContext, work: () => Promise<string>): Promise<void> {
  try {
    ctx.flash(await work())
  } catch (error) {
    if (error instanceof DjetError && error.code === 'SCHEDULE_INVALID' && !wantsJson(ctx)) {
      return showTimes(ctx, error)
    }
    const ofPage = error instanceof DjetError && error.status < 500 && ![401, 403, 404].includes(error.status)
    if (!ofPage || wantsJson(ctx)) throw error
    if (error.code === 'NODE_CHANGED') {
      ctx.status = 409
      const shown = await openForEditing(ctx)
      await ctx.render('node/edit.eta', { ...shown, overtaken: error.message })
      return
    }
    ctx.flash(sentence(error.message), 'problem')
  }
  ctx.seeOther(`${encodePath(ctx.node.path) === '/' ? '' : encodePath(ctx.node.path)}/-/edit`)
}

/** The form with the times as they were typed and what is wrong with them. */
async function showTimes(ctx: EngineContext, { status, fields = {} }: DjetError): Promise<void> {
  ctx.status = status
  const { publishAt = '', unpublishAt = '' } = ctx.form as Record<string, string>
  const shown = await openForEditing(ctx)
  await ctx.render('node/edit.eta', {
    ...shown,
    times: { values: { publishAt, unpublishAt }, errors: ctx.djet.texts.messages(fields) },
  })
}

/**
 * A time of a form, by the clocks of the site, or of a program with its zone; null for none. What the form shows of
 * the time that is set stays that time, to the second, also where the clocks show it twice.
 * @throws {DjetError} SCHEDULE_INVALID, 422
 */
function timeOf(ctx: EngineContext, name: string, set: Date | null): Date | null {
  const text = typeof ctx.form[name] === 'string' ? ctx.form[name].trim() : ''
  if (text === '') return null
  if (set !== null && text === ctx.payload.clock(set).slice(0, text.length) && text.length >= 16) return set
  try {
    return ctx.djet.app.zone.read(text)
  } catch (error) {
    const problem = messageOf(error)
    throw new DjetError('SCHEDULE_INVALID', `${name} ${problem}.`, {
      status: 422,
      cause: error,
      fields: { [name]: problem },
    })
  }
}
