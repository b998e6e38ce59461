import {
  allow,
  DjetError,
  defineEngine,
  type Engine,
  type EngineContext,
  requireTrash,
  sendFile,
  trashObstacles,
  trashReport,
  upload,
  wantsJson,
} from '../../../core/index.ts'
import { changeFile, type FileChange } from '../model/library.ts'
import { countUses, listUses, MOST_COUNTED } from '../model/uses.ts'
import type { Tools } from '../tools.ts'
import { imageRoutes } from './image.ts'
import { shownFile } from './shown.ts'

/** Answers for files: their page, their images, what is changed of them. */
export function fileEngine(tools: Tools): Engine {
  const { maxFileSize } = tools.settings
  return defineEngine((router) => {
    router.get('/', (ctx) => show(ctx, tools))

    router.get('/-/download', async (ctx) => {
      await sendFile(ctx, String(ctx.node.data.file), { name: ctx.node.name })
    })

    router.post(
      '/-/replace',
      allow('edit'),
      upload({ collect: true, maxFiles: 1, ...(maxFileSize === undefined ? {} : { maxFileSize }) }),
      async (ctx) => {
        const [problem] = Object.values(ctx.fileErrors).flat()
        const file = ctx.files.file?.[0]
        const message = problem ?? (file ? undefined : 'no file was chosen.')
        if (message !== undefined) {
          return refuse(
            ctx,
            tools,
            new DjetError('FORM_INVALID', message, { status: 422, fields: { file: message } }),
          )
        }
        await change(ctx, tools, { file: file! })
      },
    )

    router.post('/-/details', allow('edit'), async (ctx) => {
      const texts = ['alt', 'focusX', 'focusY'].flatMap((name) => {
        const value = ctx.form[name]
        return typeof value === 'string' ? [[name, value]] : []
      })
      await change(ctx, tools, Object.fromEntries(texts))
    })

    router.get('/-/delete', allow('edit'), async (ctx) => {
      await requireTrash(ctx.djet, ctx.node)
      await ctx.render('files/delete.eta', {
        report: await trashReport(ctx.djet, ctx.node),
        obstacles: await trashObstacles(ctx.djet, ctx.node),
        uses: await listUses(ctx.djet, ctx.node.id, { limit: 20 }),
        ...(await counted(ctx)),
      })
    })

    imageRoutes(router, tools)
  })
}

async function change(ctx: EngineContext, tools: Tools, wanted: FileChange): Promise<void> {
  try {
    const outcome = await changeFile(ctx.djet, tools, { node: ctx.node, change: wanted })
    const { name } = ctx.node
    ctx.flash(
      outcome === 'draft'
        ? ctx.djet.t('{{name}} is saved as a draft. Visitors see it once it is published.', { name })
        : ctx.djet.t('{{name}} is saved.', { name }),
    )
    ctx.seeOther(ctx.below('/'))
  } catch (error) {
    if (!(error instanceof DjetError) || error.status < 409 || error.status >= 500) throw error
    await refuse(ctx, tools, error)
  }
}

/** The page again, with what was typed and what is wrong with it. */
async function refuse(ctx: EngineContext, tools: Tools, error: DjetError): Promise<void> {
  if (wantsJson(ctx)) throw error
  ctx.status = error.status
  ctx.payload.form = { values: ctx.form, errors: error.fields ?? { '': error.message } }
  await show(ctx, tools)
}

async function counted(ctx: EngineContext): Promise<{ used: number; mostCounted: number }> {
  return { used: await countUses(ctx.djet, ctx.node.id), mostCounted: MOST_COUNTED }
}

async function show(ctx: EngineContext, tools: Tools): Promise<void> {
  const { djet, node, payload } = ctx
  const content = await tools.contents.get(djet, String(node.data.file))
  const mayEdit = payload.can('edit')
  await ctx.render(undefined, {
    file: shownFile(tools, { node, content }),
    ...(mayEdit
      ? { uses: await listUses(djet, node.id, { after: payload.query.after }), ...(await counted(ctx)) }
      : {}),
    maxFileSize: tools.settings.maxFileSize ?? djet.config.limits.upload,
  })
}
