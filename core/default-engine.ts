import type { Basetype } from './basetype.ts'
import { type Conflict, conflictOf } from './edit/conflict.ts'
import { draftsOnly, openForEditing, publishRoutes } from './edit/publishing.ts'
import { allow, defineEngine, type EngineContext } from './engine.ts'
import { DjetError } from './error.ts'
import { parseData } from './field/index.ts'
import type { StoredFile } from './file/files.ts'
import { wantsJson } from './http/accept.ts'
import { withIfMatch } from './http/if-match.ts'
import { sendFile } from './http/send-file.ts'
import { upload } from './http/upload.ts'
import { fits } from './node/place.ts'
import { encodePath, urlBelow } from './payload.ts'
import type { Djet } from './scope.ts'

/**
 * What answers for every node where its own engine does not: its page, and for those who may edit it the generic
 * forms `/-/edit`, `/-/new/<basetype>` and `/-/delete`.
 */
export const defaultEngine = defineEngine((router) => {
  router.get('/', (ctx) => ctx.render())

  // For programs: who they are logged in as, and the token that their posts must bring as `x-csrf-token`.
  router.get('/-/session', (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    ctx.state.private = true
    ctx.body = { user: ctx.djet.user, csrfToken: ctx.session.formToken() }
  })

  router.get('/-/file/:field', async (ctx) => {
    const field = ctx.params.field ?? ''
    const id = ctx.node.data[field]
    if (ctx.payload.basetype.fields[field]?.type !== 'file' || typeof id !== 'string') {
      throw new DjetError('FILE_NOT_FOUND', 'there is no such file.', { status: 404 })
    }
    await sendFile(ctx, id, { inline: true })
  })

  router.get('/-/edit', allow('edit'), async (ctx) => {
    await ctx.render('node/edit.eta', await openForEditing(ctx))
  })
  router.post('/-/edit', allow('edit'), upload({ collect: true }), async (ctx) => {
    const shown = await openForEditing(ctx)
    const { basetype } = ctx.payload
    await save(ctx, basetype, 'node/edit.eta', true, shown, async (djet, data) => {
      const { name, title, part } = textsOf(ctx)
      const began = String(ctx.form.version ?? '')
      const content = { name, title, data, ...(/^[1-9][\d.]*$/.test(began) ? { ifVersion: began } : {}) }
      if (draftsOnly(ctx) || ctx.form.do === 'draft') {
        await withIfMatch(ctx, (expected) => djet.nodes.saveDraft(ctx.node, { ...content, ...expected }))
        ctx.flash(`${name} is saved as a draft. Visitors see it once it is published.`)
        return ctx.node.path
      }
      const place = ctx.node.parentId === null || part === '' || part === ctx.node.part ? {} : { part }
      if (began.includes('.')) {
        // What was begun with a draft is a draft until it is published, which is asked for here.
        await djet.nodes.saveDraft(ctx.node, content)
        const published = await djet.nodes.publish(ctx.node)
        const node = 'part' in place ? await djet.nodes.update(ctx.node, place) : published
        ctx.flash(`${node.name} is published.`)
        return node.path
      }
      let node = await withIfMatch(ctx, (expected) =>
        djet.nodes.update(ctx.node, { ...content, ...place, ...expected }),
      )
      const publishes = ctx.form.do === 'publish' && node.status !== 'published'
      if (publishes) node = await djet.nodes.publish(node)
      ctx.flash(`${node.name} is ${publishes ? 'published' : 'saved'}.`)
      return node.path
    })
  })
  publishRoutes(router)

  router.get('/-/new/:basetype', allow('edit'), async (ctx) => {
    const newBasetype = beginNew(ctx)
    await ctx.render('node/new.eta', { newBasetype })
  })
  router.post('/-/new/:basetype', allow('edit'), upload({ collect: true }), async (ctx) => {
    const newBasetype = beginNew(ctx)
    await save(ctx, newBasetype, 'node/new.eta', false, {}, async (djet, data) => {
      const { name, title, part } = textsOf(ctx)
      const asked = part === '' ? {} : { part }
      const node = await djet.nodes.insert(ctx.node, {
        basetype: newBasetype,
        name,
        title,
        ...asked,
        data,
        status: ctx.payload.can('publish') ? 'published' : 'draft',
      })
      ctx.flash(
        node.status === 'draft'
          ? `${node.name} is made, as a draft. Visitors see it once it is published.`
          : `${node.name} is made.`,
      )
      return node.path
    })
  })

  router.get('/-/delete', allow('edit'), async (ctx) => {
    if (ctx.node.parentId === null)
      throw new DjetError('NODE_IS_ROOT', 'the root cannot be deleted.', { status: 422 })
    await ctx.render('node/delete.eta', { below: await countBelow(ctx) })
  })
  router.post('/-/delete', allow('edit'), async (ctx) => {
    const { node } = ctx
    const above = ctx.branch[1]
    const toTrash = ctx.payload.basetype.trash !== false
    const { id, nodes } = toTrash
      ? await ctx.djet.nodes.trash(node)
      : { id: 0, nodes: await ctx.djet.nodes.delete(node) }
    const what = nodes === 1 ? `${node.name} is` : `${node.name} and ${nodes - 1} below it are`
    if (toTrash) {
      const url = urlBelow(above ?? node, `/-/restore/${id}`)
      ctx.flash(`${what} in the trash.`, 'done', { label: 'Undo', url })
    } else ctx.flash(`${what} deleted.`)
    ctx.seeOther(encodePath(above?.path ?? '/'))
  })

  // Takes back what was just put into the trash here.
  router.post('/-/restore/:trash', allow('edit'), async (ctx) => {
    const node = await ctx.djet.nodes.restoreTrash(Number(ctx.params.trash))
    ctx.flash(`${node.name} is back.`)
    ctx.seeOther(encodePath(node.path))
  })
})

/** The type of the node to be made, whose fields with their defaults the form shows. */
function beginNew(ctx: EngineContext): Basetype {
  const basetype = ctx.djet.app.basetypes.get(ctx.params.basetype ?? '')
  if (!basetype || !fits(basetype, ctx.payload.basetype)) {
    const message = `no '${ctx.params.basetype}' can be made below ${ctx.node.path}.`
    throw new DjetError('BASETYPE_UNKNOWN', message, { status: 404 })
  }
  const defaults = Object.entries(basetype.fields).map(([name, field]) => [name, field.default])
  ctx.payload.editing = { basetype, data: Object.fromEntries(defaults) }
  return basetype
}

function textsOf({ form }: EngineContext): { name: string; title: string; part: string } {
  const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '')
  return { name: text(form.name), title: text(form.title), part: text(form.part) }
}

/** Checks a form; a failed one comes back filled in, with a message at each field. */
async function save(
  ctx: EngineContext,
  basetype: Basetype,
  template: string,
  partial: boolean,
  shown: Record<string, unknown>,
  write: (djet: Djet, data: Record<string, unknown>) => Promise<string>,
): Promise<void> {
  const files = uploadedFiles(ctx)
  const input = { ...ctx.form, ...files }
  const { data, errors } = parseData(basetype.fields, input, { partial, form: true, onlyKnown: true })
  const problems: Record<string, string> = { ...errors }
  for (const [name, texts] of Object.entries(ctx.fileErrors)) problems[name] = texts.join(' ')
  let conflict: Conflict | undefined
  if (!textsOf(ctx).name) problems.name = 'must be filled in'
  try {
    if (Object.keys(problems).length === 0) {
      const path = await ctx.djet.transaction(async (djet) => {
        for (const { id } of Object.values(files)) await djet.files.keep(id)
        return write(djet, data)
      })
      ctx.seeOther(encodePath(path))
      return
    }
  } catch (error) {
    const forForm = error instanceof DjetError && error.status >= 409 && error.status < 500
    if (!forForm || wantsJson(ctx)) throw error
    if (error.code === 'NODE_CHANGED') conflict = conflictOf(basetype, error)
    else Object.assign(problems, error.fields ?? { '': error.message })
  }
  if (wantsJson(ctx)) {
    const message = `${basetype.title} cannot be saved as it was sent.`
    throw new DjetError('FORM_INVALID', message, { status: 422, fields: problems })
  }
  ctx.status = conflict ? 409 : 422
  // What no form sends, such as JSON objects, no form can show again.
  const texts = Object.entries(ctx.form).filter(([, value]) => typeof value !== 'object')
  const form = { values: { ...Object.fromEntries(texts), ...conflict?.values }, errors: problems }
  ctx.payload.form = form
  await ctx.render(template, { newBasetype: basetype, form, ...shown, ...(conflict ? { conflict } : {}) })
}

/** The first uploaded file of each file field becomes its value. */
function uploadedFiles({ files }: EngineContext): Record<string, StoredFile> {
  const values: Record<string, StoredFile> = {}
  for (const [name, [file]] of Object.entries(files)) if (file) values[name] = file
  return values
}

async function countBelow(ctx: EngineContext): Promise<number> {
  const [row] = await ctx.djet.query<{ n: number }>(
    "select count(*) as n from djet.node where path > $1 || '/' and path < $1 || '0'",
    [ctx.node.path],
  )
  return row?.n ?? 0
}
