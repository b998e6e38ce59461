import { DjetError, decide, type EngineContext, type EngineRouter, sendFile } from '../../../core/index.ts'
import { stateOf } from '../model/picture.ts'
import { formatFor } from '../model/variant.ts'
import type { Tools } from '../tools.ts'

/** Seconds that browsers keep an image whose address names its state. */
const YEAR = 365 * 24 * 60 * 60

/** Seconds that caches between them and the site do, before they ask whether everybody may still see it. */
const SHARED = 5 * 60

/** `GET <file>/-/image/<width>` and `/-/image/<width>/<ratio>`, such as `640` and `640/16x9`. */
export function imageRoutes(router: EngineRouter, tools: Tools): void {
  router.get('/-/image/:width', (ctx) => send(ctx, tools, ''))
  router.get('/-/image/:width/:ratio', (ctx) => send(ctx, tools, String(ctx.params.ratio).replace('x', ':')))
}

async function send(ctx: EngineContext, tools: Tools, ratio: string): Promise<void> {
  const { settings, contents, variants } = tools
  const width = Number(ctx.params.width)
  if (!settings.widths.includes(width) || (ratio !== '' && !settings.ratios.includes(ratio))) {
    const sizes = `widths ${settings.widths.join(', ')}; crops ${settings.ratios.join(', ').replaceAll(':', 'x')}`
    throw new DjetError('IMAGE_SIZE_UNKNOWN', `images are not made in this size, but in these: ${sizes}.`, {
      status: 404,
    })
  }
  const { node } = ctx
  const content = await contents.get(ctx.djet, String(node.data.file))
  if (!content?.isImage && !content?.isRaster) {
    throw new DjetError('IMAGE_NONE', `${node.name} is not an image.`, { status: 404 })
  }
  const cacheControl = cacheControlOf(ctx, ctx.payload.query.v === stateOf(node, content, ratio))
  ctx.vary('Accept')
  if (!content.isRaster) return sendFile(ctx, content.id, { inline: true, cacheControl })
  const focus = { x: Number(node.data.focusX ?? 50), y: Number(node.data.focusY ?? 50) }
  const format = formatFor(ctx.get('accept'), content)
  const id = await variants.get(ctx.djet, content, { width, ratio, format, focus })
  await sendFile(ctx, id, { inline: true, cacheControl })
}

/**
 * An image whose address names its state never changes. Who could see it as everybody can keeps it; those in between, who
 * hand it to others, ask again soon. What not everybody may see is asked for each time, which costs no bytes.
 */
function cacheControlOf({ djet, branch }: EngineContext, isNamed: boolean): string {
  const isPublic = decide(branch, djet.app.basetypes, ['everyone'], 'view').allowed
  if (!isPublic) return 'private, no-cache'
  return isNamed ? `public, max-age=${YEAR}, s-maxage=${SHARED}, immutable` : 'public, no-cache'
}
