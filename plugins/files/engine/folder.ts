import {
  allow,
  DjetError,
  defineEngine,
  type Engine,
  type EngineContext,
  messageOf,
  requireTrash,
  trashObstacles,
  trashReport,
  upload,
  wantsJson,
} from '../../../core/index.ts'
import { folder as folderType } from '../basetypes.ts'
import { addFile } from '../model/library.ts'
import { listFiles, listFolders, searchFiles } from '../model/list.ts'
import { countUsedBelow, MOST_COUNTED } from '../model/uses.ts'
import type { Tools } from '../tools.ts'
import { pickRoutes } from './pick.ts'
import { type ShownFile, shownFile, shownFolder } from './shown.ts'

/** Files of one form at most. */
const MOST_FILES = 50

/** Answers for folders: what is in them, new folders, uploads, and what pickers choose from. */
export function folderEngine(tools: Tools): Engine {
  return defineEngine((router) => {
    router.get('/', (ctx) => show(ctx, tools))

    router.post(
      '/-/upload',
      allow('edit'),
      upload({ collect: true, maxFiles: MOST_FILES, ...sizeOf(tools) }),
      (ctx) => receive(ctx, tools),
    )

    router.post('/-/folder', allow('edit'), async (ctx) => {
      const name = typeof ctx.form.name === 'string' ? ctx.form.name.trim() : ''
      try {
        if (name === '') {
          throw new DjetError('FORM_INVALID', 'the folder needs a name.', {
            status: 422,
            fields: { name: 'must be filled in' },
          })
        }
        const node = await ctx.djet.nodes.insert(ctx.node, { basetype: folderType, name })
        ctx.flash(ctx.djet.t('{{name}} is made.', { name: node.name }))
        ctx.seeOther(ctx.below('/'))
      } catch (error) {
        const atForm = error instanceof DjetError && error.status >= 409 && error.status < 500
        if (!atForm || wantsJson(ctx)) throw error
        ctx.status = error.status
        ctx.payload.form = { values: ctx.form, errors: error.fields ?? { name: error.message } }
        await show(ctx, tools)
      }
    })

    router.get('/-/delete', allow('edit'), async (ctx) => {
      await requireTrash(ctx.djet, ctx.node)
      await ctx.render('files/delete.eta', {
        report: await trashReport(ctx.djet, ctx.node),
        obstacles: await trashObstacles(ctx.djet, ctx.node),
        used: await countUsedBelow(ctx.djet, ctx.node.path),
        mostCounted: MOST_COUNTED,
      })
    })

    pickRoutes(router, tools)
  })
}

function sizeOf({ settings }: Tools): { maxFileSize?: number } {
  return settings.maxFileSize === undefined ? {} : { maxFileSize: settings.maxFileSize }
}

/** Each file by itself: what is right is kept, what is not is said by name. */
async function receive(ctx: EngineContext, tools: Tools): Promise<void> {
  const problems = Object.values(ctx.fileErrors).flat()
  const added: ShownFile[] = []
  for (const file of Object.values(ctx.files).flat()) {
    try {
      const node = await addFile(ctx.djet, { folder: ctx.node, file })
      added.push(shownFile(tools, { node, content: await tools.contents.get(ctx.djet, file.id) }))
    } catch (error) {
      await ctx.djet.files.delete(file.id)
      if (!(error instanceof DjetError) || error.status >= 500 || error.status === 404) throw error
      problems.push(`${file.name}: ${messageOf(error)}`)
    }
  }
  if (added.length + problems.length === 0) problems.push('no file was chosen. Choose one or more.')
  ctx.status = problems.length > 0 ? 422 : 201
  if (wantsJson(ctx)) {
    ctx.type = 'json'
    ctx.body = JSON.stringify({ added, problems: problems.map(ctx.payload.message) })
    return
  }
  const { djet } = ctx
  if (added.length > 0) {
    const drafts = added.some(({ isDraft }) => isDraft)
    ctx.flash(
      drafts
        ? djet.t('{{count, number}} files are added, as drafts.', { count: added.length })
        : djet.t('{{count, number}} files are added.', { count: added.length }),
    )
  }
  if (problems.length === 0) return ctx.seeOther(ctx.below('/'))
  await show(ctx, tools, { problems, added })
}

async function show(ctx: EngineContext, tools: Tools, values: Record<string, unknown> = {}): Promise<void> {
  const { djet, node } = ctx
  const { after, folders: afterFolder, q = '' } = ctx.payload.query
  const search = q.trim().slice(0, 200)
  const files =
    search === ''
      ? await listFiles(djet, tools.contents, node.id, { after })
      : await searchFiles(djet, tools.contents, search, { after })
  const folders =
    search === '' ? await listFolders(djet, node.id, { after: afterFolder }) : { items: [], next: null }
  await ctx.render(undefined, {
    search,
    files: files.items.map((file) => shownFile(tools, file)),
    next: files.next,
    folders: folders.items.map(shownFolder),
    nextFolders: folders.next,
    mostFiles: MOST_FILES,
    maxFileSize: tools.settings.maxFileSize ?? djet.config.limits.upload,
    problems: [],
    added: [],
    ...values,
  })
}
