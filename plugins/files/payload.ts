import { type Djet, encodePath, type NodeRef } from '../../core/index.ts'
import { type Picture, type PictureOptions, pictureOf } from './model/picture.ts'
import type { Tools } from './tools.ts'

/** Where the library is, for whoever may see it; null for others. Pickers ask `<it>/-/pick`. */
export async function filesUrl(djet: Djet): Promise<string | null> {
  const [row] = await djet.query<{ id: number; path: string }>({
    name: 'files-url',
    text: "select id, path from djet.node where basetype = 'folder' order by id limit 1",
  })
  return row && (await djet.can('view', row.id)) ? encodePath(row.path) : null
}

/** `const picture = (await it.pictureOf)(nodeOrId, { sizes })`; `files/picture.eta` uses it. */
export function pictures(tools: Tools) {
  return (djet: Djet) =>
    (ref: NodeRef, options?: PictureOptions): Promise<Picture | null> =>
      pictureOf(djet, tools, ref, options)
}
