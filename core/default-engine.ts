import type { Basetype } from './basetype.ts'
import { findRoutes } from './edit/find.ts'
import { type EditForm, keepTyped, saveForm, textsOf } from './edit/form.ts'
import { draftsOnly, openForEditing, publishRoutes } from './edit/publishing.ts'
import { trashingRoutes } from './edit/trashing.ts'
import { allow, defineEngine, type EngineContext } from './engine.ts'
import { DjetError } from './error.ts'
import { withIfMatch } from './http/if-match.ts'
import { sendFile } from './http/send-file.ts'
import { upload } from './http/upload.ts'
import { checkMax } from './node/max.ts'
import { fits } from './node/place.ts'
import { ownForm } from './node/within.ts'

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
    // Said before anything is typed.
    await checkMax(ctx.djet.connection, newBasetype, 1)
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

  trashingRoutes(router)
})

/** The type of the node to be made, whose fields with their defaults the form shows. */
function beginNew(ctx: EngineContext): Basetype {
  const basetype = ctx.djet.app.basetypes.get(ctx.params.basetype ?? '')
  if (!basetype || basetype.newForm === false || !fits(basetype, ctx.payload.basetype)) {
    const message = `no '${ctx.params.basetype}' can be made below ${ctx.node.path}.`
    throw new DjetError('BASETYPE_UNKNOWN', message, { status: 404 })
  }
  if (basetype.sensitive) throw ownForm(basetype)
  const defaults = Object.entries(basetype.fields).map(([name, field]) => [name, field.default])
  ctx.payload.editing = { basetype, data: Object.fromEntries(defaults) }
  return basetype
}
