import type { Sharp } from 'sharp'
import { type Djet, type DjetApp, DjetError } from '../../../core/index.ts'
import type { FilesSettings } from '../options.ts'
import type { Content } from './contents.ts'
import { Lane } from './lane.ts'
import { bytesOf, openImage } from './raster.ts'

export type ImageFormat = 'avif' | 'webp' | 'jpeg' | 'png'

/** One size of an image. */
export interface Variant {
  readonly width: number
  /** `16:9`; empty: not cropped. */
  readonly ratio: string
  readonly format: ImageFormat
  /** What stays in sight, in per cent from the left and the top. */
  readonly focus: { readonly x: number; readonly y: number }
}

/** Images that may wait to be made in one process. */
const MOST_WAITING = 500

/** The format that a client is sent: the smallest of those it says it knows. */
export function formatFor(accept: string, content: Content): ImageFormat {
  // Moving images: AVIF takes a long time for each frame.
  if (content.frames === 1 && accept.includes('image/avif')) return 'avif'
  if (accept.includes('image/webp') || content.frames > 1) return 'webp'
  return content.alpha ? 'png' : 'jpeg'
}

/** Makes images in other sizes, once each, and keeps them. */
export class Variants {
  readonly #settings: FilesSettings
  readonly #lane: Lane
  readonly #making = new Map<string, Promise<string>>()

  constructor(settings: FilesSettings) {
    this.#settings = settings
    this.#lane = new Lane(settings.atOnce, MOST_WAITING)
  }

  /**
   * Id of the stored file with an image in a size; made when there is none yet.
   * @throws {DjetError} IMAGE_BROKEN, 422; IMAGE_BUSY, 503; FILE_NOT_FOUND, 404
   */
  async get(djet: Djet, content: Content, variant: Variant): Promise<string> {
    const made = await find(djet, content.id, variant)
    if (made !== undefined) return made
    const key = [content.id, variant.width, variant.ratio, variant.format, focusOf(variant)].join(' ')
    let making = this.#making.get(key)
    if (making === undefined) {
      // Not of the request that asked first: others wait for the same.
      making = this.#lane
        .run(() => this.#make(djet.app, content, variant))
        .finally(() => this.#making.delete(key))
      this.#making.set(key, making)
    }
    return making
  }

  /** Ends: what is being made is waited for, what waits is sent away. */
  async stop(): Promise<void> {
    this.#lane.clear()
    await Promise.allSettled(this.#making.values())
  }

  async #make(app: DjetApp, content: Content, variant: Variant): Promise<string> {
    const djet = app.scope()
    const bytes = await this.#draw(await bytesOf(await djet.files.read(content.id)), content, variant)
    return djet.transaction(async (djet) => {
      const name = `${content.name.replace(/\.\w+$/, '')}-${variant.width}.${variant.format}`
      const file = await djet.files.write({ name, type: `image/${variant.format}`, content: bytes })
      await djet.files.keep(file.id)
      // Another process may have been faster; another focal point takes the place of the one before.
      const rows = await djet.query<{ variant_id: string }>(
        `insert into files.variant (file_id, width, ratio, format, focus, variant_id)
         select id, $2, $3, $4, $5, $6 from djet.file where id = $1
         on conflict (file_id, width, ratio, format) do update
           set variant_id = excluded.variant_id, focus = excluded.focus, created = now()
           where variant.focus <> excluded.focus
         returning variant_id`,
        [content.id, variant.width, variant.ratio, variant.format, focusOf(variant), file.id],
      )
      if (rows.length > 0) return file.id
      await djet.files.delete(file.id)
      const other = await find(djet, content.id, variant)
      if (other !== undefined) return other
      throw new DjetError('FILE_NOT_FOUND', 'this file is no longer kept.', { status: 404 })
    })
  }

  /** Draws it upright and without what it says of its maker, its place and its time. */
  async #draw(bytes: Buffer, content: Content, variant: Variant): Promise<Buffer> {
    const moves = content.frames > 1
    let image = (await openImage(bytes, this.#settings, moves)).autoOrient()
    if (variant.ratio !== '') image = cropped(image, content, variant, moves)
    else image = image.resize({ width: variant.width, withoutEnlargement: true })
    try {
      return await encoded(image, variant.format).toBuffer()
    } catch (cause) {
      const message = `${content.name} cannot be shown in another size: it is damaged. Replace it by a good copy.`
      throw new DjetError('IMAGE_BROKEN', message, { status: 422, cause })
    }
  }
}

async function find(djet: Djet, fileId: string, variant: Variant): Promise<string | undefined> {
  const [row] = await djet.query<{ variant_id: string }>(
    {
      name: 'files-variant',
      text: `select variant_id from files.variant
        where file_id = $1 and width = $2 and ratio = $3 and format = $4 and focus = $5`,
    },
    [fileId, variant.width, variant.ratio, variant.format, focusOf(variant)],
  )
  return row?.variant_id
}

function focusOf({ ratio, focus }: Variant): string {
  return ratio === '' ? '' : `${focus.x}.${focus.y}`
}

/** The largest window of the ratio, as near to the focal point as the edges let it be. */
export function windowOf(
  content: Pick<Content, 'width' | 'height'>,
  { ratio, focus }: Pick<Variant, 'ratio' | 'focus'>,
) {
  const [across = 1, down = 1] = ratio.split(':').map(Number)
  const [fullWidth, fullHeight] = [content.width ?? 1, content.height ?? 1]
  const width = Math.max(1, Math.min(fullWidth, Math.round((fullHeight * across) / down)))
  const height = Math.max(1, Math.min(fullHeight, Math.round((fullWidth * down) / across)))
  const begin = (full: number, part: number, at: number) =>
    Math.round(Math.min(Math.max((full * at) / 100 - part / 2, 0), full - part))
  return { left: begin(fullWidth, width, focus.x), top: begin(fullHeight, height, focus.y), width, height }
}

function cropped(image: Sharp, content: Content, variant: Variant, moves: boolean): Sharp {
  const window = windowOf(content, variant)
  const width = Math.min(variant.width, window.width)
  const height = Math.max(1, Math.round((width * window.height) / window.width))
  // A window cannot be cut out of every frame: those are cropped round their middle.
  return moves
    ? image.resize({ width, height, fit: 'cover' })
    : image.extract(window).resize({ width, height })
}

function encoded(image: Sharp, format: ImageFormat): Sharp {
  if (format === 'avif') return image.avif({ quality: 50, effort: 2 })
  if (format === 'webp') return image.webp({ quality: 78, effort: 3 })
  if (format === 'png') return image.png({ compressionLevel: 9 })
  return image.flatten({ background: '#fff' }).jpeg({ quality: 80, progressive: true })
}
