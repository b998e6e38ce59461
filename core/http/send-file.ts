import type { EngineContext } from '../engine.ts'
import { DjetError } from '../error.ts'

/** Types a browser may show inside the site without running anything of theirs. */
const HARMLESS = /^(image\/(png|jpeg|gif|webp|avif)|application\/pdf|text\/plain|audio\/|video\/)/

export interface SendFileOptions {
  /** Shown in the browser where that is harmless, instead of being saved. */
  inline?: boolean
  /** Instead of the stored name. */
  name?: string
  /** Instead of the stored media type. */
  type?: string
}

/**
 * Answers with a stored file, streamed, with its Content-Type, length and name. Access is the caller's to check.
 * @throws {DjetError} FILE_NOT_FOUND, 404
 * @example router.get('/invoice.pdf', async (ctx) => sendFile(ctx, fileId, { inline: true }))
 */
export async function sendFile(ctx: EngineContext, id: string, options: SendFileOptions = {}): Promise<void> {
  const file = await ctx.djet.files.get(id)
  if (file === null) throw new DjetError('FILE_NOT_FOUND', 'this file is no longer kept.', { status: 404 })
  const type = options.type ?? file.type
  const inline = options.inline === true && HARMLESS.test(type)
  ctx.status = 200
  const name = options.name ?? file.name
  // In ASCII as well, for clients that do not read the full name of RFC 5987.
  const fallback = name.replace(/[^\x20-\x7e]/g, '_')
  ctx.attachment(name, { type: inline ? 'inline' : 'attachment', fallback })
  ctx.type = type
  ctx.set('X-Content-Type-Options', 'nosniff')
  // Not for what is shown: a browser's PDF viewer does not run in a sandbox.
  if (!inline) ctx.set('Content-Security-Policy', "default-src 'none'; sandbox")
  ctx.set('Cache-Control', 'private, no-cache')
  ctx.set('ETag', `"${file.sha256}"`)
  if (ctx.fresh) {
    ctx.status = 304
    return
  }
  ctx.body = ctx.method === 'HEAD' ? '' : await ctx.djet.files.read(id)
  ctx.length = file.size
}
