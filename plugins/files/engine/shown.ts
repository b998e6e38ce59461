import { encodePath } from '../../../core/index.ts'
import type { LibraryFile } from '../model/list.ts'
import { fileUrl, imageUrl, pictureFor } from '../model/picture.ts'
import type { ListedNode } from '../model/sight.ts'
import type { Tools } from '../tools.ts'

/** What lists and programs are shown of a file. */
export interface ShownFile {
  readonly id: number
  readonly name: string
  readonly title: string
  readonly path: string
  /** Page of the file, and the file itself. */
  readonly url: string
  readonly fileUrl: string | null
  readonly alt: string
  readonly type: string
  readonly size: number
  readonly width: number | null
  readonly height: number | null
  readonly isImage: boolean
  readonly isDraft: boolean
  /** A small image of it, and what an `<img>` on a page needs; null: it is none. */
  readonly thumb: string | null
  readonly src: string | null
  readonly srcset: string | null
}

/** Width of the images in lists: the first of those made that fits two to a line of a phone. */
const THUMB = 320

export function shownFile(tools: Tools, { node, content }: LibraryFile): ShownFile {
  const picture = content && pictureFor(tools, node, content)
  const widths = [...tools.settings.widths].sort((a, b) => a - b)
  const small = widths.find((width) => width >= THUMB) ?? widths.at(-1)!
  return {
    id: node.id,
    name: node.name,
    title: node.title,
    path: node.path,
    url: encodePath(node.path),
    fileUrl: content && fileUrl(node, content),
    alt: typeof node.data.alt === 'string' ? node.data.alt : '',
    type: content?.type ?? '',
    size: content?.size ?? 0,
    width: content?.width ?? null,
    height: content?.height ?? null,
    isImage: picture !== null,
    isDraft: node.status !== 'published',
    thumb: content?.isRaster ? imageUrl(node, content, small) : (picture?.src ?? null),
    src: picture?.src ?? null,
    srcset: picture?.srcset ?? null,
  }
}

export function shownFolder({ id, name, title, path }: ListedNode) {
  return { id, name, title, path, url: encodePath(path) }
}
