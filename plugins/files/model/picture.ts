import { type Djet, encodePath, type Node, type NodeRef } from '../../../core/index.ts'
import { file as fileType } from '../basetypes.ts'
import type { Tools } from '../tools.ts'
import type { Content } from './contents.ts'

export interface PictureOptions {
  /** Widths to choose from, of those that the site makes; all of them when absent. */
  widths?: readonly number[]
  /** A crop round the focal point, of those that the site makes, e.g. `16:9`. */
  ratio?: string
  /** Another alternative text than that of the file; `''` for mere decoration. */
  alt?: string
}

/** What an `<img>` needs. */
export interface Picture {
  readonly src: string
  /** Empty when there is only one size. */
  readonly srcset: string
  readonly alt: string
  /** Pixels of the largest size, by which browsers keep its place; undefined: not known. */
  readonly width: number | undefined
  readonly height: number | undefined
}

/**
 * An image of the library in its sizes; null when the user may not view it, or it is none.
 * @param ref the node of the file
 */
export async function pictureOf(
  djet: Djet,
  tools: Tools,
  ref: NodeRef,
  options: PictureOptions = {},
): Promise<Picture | null> {
  const node = await djet.nodes.get(ref, fileType)
  if (node === null) return null
  const content = await tools.contents.get(djet, node.data.file)
  return content && pictureFor(tools, node, content, options)
}

/** The same of a node that is at hand; null: its content is no image. */
export function pictureFor(
  { settings }: Tools,
  node: Pick<Node, 'path' | 'data'>,
  content: Content,
  { widths = settings.widths, ratio = '', alt }: PictureOptions = {},
): Picture | null {
  const text = alt ?? (typeof node.data.alt === 'string' ? node.data.alt : '')
  if (!content.isRaster) {
    if (!content.isImage) return null
    const { width, height } = content
    return {
      src: fileUrl(node, content),
      srcset: '',
      alt: text,
      width: width ?? undefined,
      height: height ?? undefined,
    }
  }
  const [across, down] =
    ratio === ''
      ? [content.width ?? 1, content.height ?? 1]
      : (ratio.split(':').map(Number) as [number, number])
  const fullWidth = Math.min(content.width ?? 1, Math.round(((content.height ?? 1) * across) / down))
  const sorted = [...widths].sort((a, b) => a - b)
  // No larger than it is: the first width beyond that shows all of it.
  const enough = sorted.findIndex((width) => width >= fullWidth)
  const used = enough < 0 ? sorted : sorted.slice(0, enough + 1)
  const sizes = used.map((width) => ({
    url: imageUrl(node, content, width, ratio),
    pixels: Math.min(width, fullWidth),
  }))
  const middle = sizes[Math.floor((sizes.length - 1) / 2)]!
  const largest = sizes.at(-1)!
  return {
    src: middle.url,
    srcset: sizes.length > 1 ? sizes.map(({ url, pixels }) => `${url} ${pixels}w`).join(', ') : '',
    alt: text,
    width: largest.pixels,
    height: Math.round((largest.pixels * down) / across),
  }
}

/** Address of an image in a size, which names its state: it may be kept for ever. */
export function imageUrl(
  node: Pick<Node, 'path' | 'data'>,
  content: Content,
  width: number,
  ratio = '',
): string {
  const crop = ratio === '' ? '' : `/${ratio.replace(':', 'x')}`
  return `${encodePath(node.path)}/-/image/${width}${crop}?v=${stateOf(node, content, ratio)}`
}

/** Address of the file itself. */
export function fileUrl(node: Pick<Node, 'path' | 'data'>, content: Content): string {
  return `${encodePath(node.path)}/-/file/file?v=${stateOf(node, content, '')}`
}

/** Changes whenever the image does. */
export function stateOf({ data }: Pick<Node, 'data'>, { sha256 }: Content, ratio: string): string {
  const focus = ratio === '' ? '' : `-${Number(data.focusX ?? 50)}.${Number(data.focusY ?? 50)}`
  return `${sha256.slice(0, 12)}${focus}`
}
