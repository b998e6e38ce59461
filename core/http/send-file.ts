import type { EngineContext } from '../engine.ts'
import { DjetError } from '../error.ts'
import type { StoredFile } from '../file/files.ts'
import type { ByteRange } from '../file/object-store.ts'

/** Types a browser may show inside the site without running anything of theirs. */
const HARMLESS = /^(image\/(png|jpeg|gif|webp|avif)|application\/pdf|text\/plain|audio\/|video\/)/

/** What an SVG image may do: be drawn, with the styles it brings. */
const SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"

export interface SendFileOptions {
  /** Shown in the browser where that is harmless, instead of being saved. */
  inline?: boolean
  /** Instead of the stored name. */
  name?: string
  /** Instead of the stored media type. */
  type?: string
  /** How long it may be kept; `private, no-cache` when absent. */
  cacheControl?: string
}

/**
 * Answers with a stored file, streamed, with its Content-Type, length and name; with a part of it when a part is asked
 * for. Access is the caller's to check.
 *
 * @throws {DjetError} FILE_NOT_FOUND, 404
 * @example router.get('/invoice.pdf', async (ctx) => sendFile(ctx, fileId, { inline: true }))
 */
export async function sendFile(ctx: EngineContext, id: string, options: SendFileOptions = {}): Promise<void> {
  const file = await ctx.djet.files.get(id)
  if (file === null) throw new DjetError('FILE_NOT_FOUND', 'this file is no longer kept.', { status: 404 })
  const type = options.type ?? file.type
  const isSvg = type === 'image/svg+xml'
  const inline = options.inline === true && (isSvg || HARMLESS.test(type))
  ctx.status = 200
  const name = options.name ?? file.name
  // In ASCII as well, for clients that do not read the full name of RFC 5987.
  const fallback = name.replace(/[^\x20-\x7e]/g, '_')
  ctx.attachment(name, { type: inline ? 'inline' : 'attachment', fallback })
  ctx.type = type
  ctx.set('X-Content-Type-Options', 'nosniff')
  // Not for what is shown: a browser's PDF viewer does not run in a sandbox. An SVG image draws, and does nothing else.
  if (isSvg) ctx.set('Content-Security-Policy', SVG_POLICY)
  else if (!inline) ctx.set('Content-Security-Policy', "default-src 'none'; sandbox")
  ctx.set('Cache-Control', options.cacheControl ?? 'private, no-cache')
  ctx.set('ETag', `"${file.sha256}"`)
  ctx.set('Accept-Ranges', 'bytes')
  if (ctx.fresh) {
    ctx.status = 304
    return
  }
  const range = rangeOf(ctx, file)
  if (range === null) {
    ctx.status = 416
    ctx.set('Content-Range', `bytes */${file.size}`)
    ctx.body = ''
    return
  }
  if (range) {
    ctx.status = 206
    ctx.set('Content-Range', `bytes ${range.start}-${range.end}/${file.size}`)
  }
  ctx.body = ctx.method === 'HEAD' ? '' : await ctx.djet.files.read(id, range)
  ctx.length = range ? range.end - range.start + 1 : file.size
}

/** The one part that is asked for, within the file; null: it has no such part; undefined: all of it. */
function rangeOf(ctx: EngineContext, file: StoredFile): ByteRange | null | undefined {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(ctx.get('range').replace(/\s/g, ''))
  const [, first = '', last = ''] = asked ?? []
  if (ctx.method !== 'GET' || (first === '' && last === '')) return undefined
  // A part of what the client had before, when that is what there still is.
  const condition = ctx.get('if-range')
  if (condition !== '' && condition !== `"${file.sha256}"`) return undefined
  const start = first === '' ? Math.max(0, file.size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? file.size - 1 : Math.min(Number(last), file.size - 1)
  return start > end || start >= file.size ? null : { start, end }
}
