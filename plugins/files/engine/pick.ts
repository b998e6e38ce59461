import type { EngineRouter } from '../../../core/index.ts'
import { listFiles, listFolders, searchFiles } from '../model/list.ts'
import type { Tools } from '../tools.ts'
import { shownFile, shownFolder } from './shown.ts'

/**
 * `GET <folder>/-/pick`: what a picker shows of a folder, as a part of a page or as JSON. Query: `q` searches the whole
 * library, `kind=image` leaves out what is no image, `after` and `folders` are `next` and `nextFolders` of the page before.
 */
export function pickRoutes(router: EngineRouter, tools: Tools): void {
  router.get('/-/pick', async (ctx) => {
    const { djet, node } = ctx
    const { q = '', kind, after, folders: afterFolder } = ctx.payload.query
    const search = q.trim().slice(0, 200)
    const options = { after, limit: 24, images: kind === 'image' }
    const files =
      search === ''
        ? await listFiles(djet, tools.contents, node.id, options)
        : await searchFiles(djet, tools.contents, search, options)
    const folders =
      search === '' ? await listFolders(djet, node.id, { after: afterFolder }) : { items: [], next: null }
    const above = ctx.branch[1]
    const values = {
      search,
      kind: kind === 'image' ? 'image' : null,
      folder: shownFolder(node),
      above: above?.basetype === 'folder' && (await djet.can('view', above)) ? shownFolder(above) : null,
      folders: folders.items.map(shownFolder),
      nextFolders: folders.next,
      files: files.items.map((file) => shownFile(tools, file)),
      next: files.next,
      mayUpload: ctx.payload.can('edit'),
      uploadUrl: ctx.below('/-/upload'),
    }
    await ctx.render('files/pick.eta', values)
  })
}
