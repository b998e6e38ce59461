import type { Basetype } from './basetype.ts'
import { findRoutes } from './edit/find.ts'
import { type EditForm, keepTyped, saveForm, textsOf } from './edit/form.ts'
import { draftsOnly, openForEditing, publishRoutes } from './edit/publishing.ts'
import { allow, defineEngine, type EngineContext } from './engine.ts'
import { DjetError } from './error.ts'
import { withIfMatch } from './http/if-match.ts'
import { sendFile } from './http/send-file.ts'
import { upload } from './http/upload.ts'
import { fits } from './node/place.ts'
import { trashWarnings } from './node/trash-warnings.ts'
import { encodePath, urlBelow } from './payload.ts'

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
  const editForm = async (ctx: EngineContext): Promise<EditForm> => ({
    basetype: ctx.payload.basetype,
    template: 'node/edit.eta',
    partial: true,
    shown: await openForEditing(ctx),
  })
  router.post(
    '/-/edit',
    keepTyped(editForm),
    allow('edit'),
    upload({ collect: true, isEditForm: true }),
    async (ctx) => {
      await saveForm(ctx, await editForm(ctx), async (djet, data) => {
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
    },
  )
  publishRoutes(router)
  findRoutes(router)

  router.get('/-/new/:basetype', allow('edit'), async (ctx) => {
    const newBasetype = beginNew(ctx)
    await ctx.render('node/new.eta', { newBasetype })
  })
  const newForm = async (ctx: EngineContext): Promise<EditForm> => {
    const basetype = beginNew(ctx)
    return { basetype, template: 'node/new.eta', partial: false, shown: { newBasetype: basetype } }
  }
  router.post(
    '/-/new/:basetype',
    keepTyped(newForm),
    allow('edit'),
    upload({ collect: true, isEditForm: true }),
    async (ctx) => {
      const form = await newForm(ctx)
      await saveForm(ctx, form, async (djet, data) => {
        const { name, title, part } = textsOf(ctx)
        const asked = part === '' ? {} : { part }
        const node = await djet.nodes.insert(ctx.node, {
          basetype: form.basetype,
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
    },
  )

  router.get('/-/delete', allow('edit'), async (ctx) => {
    if (ctx.node.parentId === null)
      throw new DjetError('NODE_IS_ROOT', 'the root cannot be deleted.', { status: 422 })
    const warnings = await trashWarnings(ctx.djet, ctx.node)
    await ctx.render('node/delete.eta', { below: await countBelow(ctx), warnings })
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

async function countBelow(ctx: EngineContext): Promise<number> {
  const [row] = await ctx.djet.query<{ n: number }>(
    "select count(*) as n from djet.node where path > $1 || '/' and path < $1 || '0'",
    [ctx.node.path],
  )
  return row?.n ?? 0
}
