import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Metadata, Sharp } from 'sharp'
import { type Djet, DjetError, type StoredFile } from '../../../core/index.ts'
import type { FilesSettings } from '../options.ts'

/** Media types of which images in other sizes are made. */
const RASTER = /^image\/(jpeg|png|apng|gif|webp|avif|tiff)$/

/** Seconds that one step of work on an image may take. */
const TIME = 20

/** What there is to know of an image before it is decoded. */
export interface ImageHead {
  /** Pixels, upright. */
  readonly width: number
  readonly height: number
  readonly frames: number
  readonly alpha: boolean
}

export function isRaster(type: string): boolean {
  return RASTER.test(type)
}

/** Loaded at first need: worker threads and commands that make no images do without its 25 MB. */
async function loadSharp() {
  const { default: sharp } = await import('sharp')
  // One thread an image: how many are made at once is said by `atOnce`.
  sharp.concurrency(1)
  sharp.cache(false)
  return sharp
}

/**
 * Opens an image so that neither its size nor a trick in it can take the machine down: with few pixels at most, an end
 * in time, and an error for what is broken.
 */
export async function openImage(
  bytes: Buffer,
  { maxPixels }: FilesSettings,
  animated = false,
): Promise<Sharp> {
  const sharp = await loadSharp()
  return sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error', animated }).timeout({ seconds: TIME })
}

/** The bytes of a stored file. */
export async function bytesOf(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

/**
 * Reads the head of an image.
 * @throws {DjetError} IMAGE_TOO_LARGE, IMAGE_BROKEN: 422, for whoever sent it
 */
export async function readImageHead(
  djet: Djet,
  file: StoredFile,
  settings: FilesSettings,
): Promise<ImageHead> {
  if (file.size > settings.maxImageSize) {
    const most = Math.floor(settings.maxImageSize / 1024 / 1024)
    throw invalid(
      'IMAGE_TOO_LARGE',
      `${file.name} is an image of more than ${most} MB. Make it smaller first.`,
    )
  }
  const bytes = await bytesOf(await djet.files.read(file.id))
  const sharp = await loadSharp()
  let head: Metadata
  try {
    // Its own limit of pixels would answer in words of its own.
    head = await sharp(bytes, { limitInputPixels: false, animated: true }).metadata()
  } catch (cause) {
    const message = `${file.name} cannot be read as an image: it is damaged or not complete. Choose another file.`
    throw invalid('IMAGE_BROKEN', message, cause)
  }
  // Pages of a TIFF are not frames: the first one is shown.
  const frames = ['gif', 'webp'].includes(head.format ?? '') ? (head.pages ?? 1) : 1
  const { width, height } = head.autoOrient
  const frameHeight = head.pageHeight ?? height
  if (width * frameHeight * frames > settings.maxPixels) {
    const most = Math.floor(settings.maxPixels / 1_000_000)
    const what = `${width} × ${frameHeight} pixels${frames > 1 ? ` in ${frames} frames` : ''}`
    throw invalid(
      'IMAGE_TOO_LARGE',
      `${file.name} is ${what}, more than ${most} million. Make it smaller first.`,
    )
  }
  return { width, height: frameHeight, frames, alpha: head.hasAlpha }
}

function invalid(code: string, message: string, cause?: unknown): DjetError {
  return new DjetError(code, message, { status: 422, ...(cause === undefined ? {} : { cause }) })
}

/** Pixels of an SVG image, when it says so in its first tag. */
export async function readSvgSize(stream: Readable): Promise<{ width: number; height: number } | null> {
  const svg = (await text(stream)).slice(0, 2000)
  const root = /<svg\s[^>]*>/.exec(svg)?.[0] ?? ''
  const attribute = (name: string) => new RegExp(`\\s${name}="([^"]*)"`).exec(root)?.[1] ?? ''
  const sides = [attribute('width'), attribute('height')].map((side) =>
    /^\d+(\.\d+)?(px)?$/.test(side) ? Number.parseFloat(side) : 0,
  )
  const box = attribute('viewBox')
    .split(/[\s,]+/)
    .map(Number)
  const [width = 0, height = 0] = sides.every((side) => side > 0) ? sides : box.slice(2)
  return width > 0 && height > 0 && width < 1e6 && height < 1e6
    ? { width: Math.round(width), height: Math.round(height) }
    : null
}
