import type { Djet, FoundImage } from '../../../core/index.ts'
import type { Tools } from '../tools.ts'
import { latestFiles, searchFiles } from './list.ts'
import { imageUrl, pictureFor } from './picture.ts'

/** Width of the images offered. */
const THUMB = 320

/**
 * Images of the library for the editor of formatted text, the latest ones while nothing is asked for. Their addresses name no state, so that a text shows an image
 * that was replaced as it is now.
 */
export async function findImages(
  djet: Djet,
  tools: Tools,
  query: string,
  limit: number,
): Promise<FoundImage[]> {
  const options = { images: true, limit }
  const { items } = await (query.trim() === ''
    ? latestFiles(djet, tools.contents, options)
    : searchFiles(djet, tools.contents, query, options))
  return items.flatMap(({ node, content }) => {
    const picture = content && pictureFor(tools, node, content)
    if (!picture) return []
    const { alt, width, height, src } = picture
    const small = tools.settings.widths.find((width) => width >= THUMB)
    const thumbnail = content.isRaster && small ? imageUrl(node, content, small) : src
    const size = width && height ? { width, height } : {}
    return [{ url: src.replace(/\?.*$/, ''), title: node.title, alt, thumbnail, ...size }]
  })
}
