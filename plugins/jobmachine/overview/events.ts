import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineContext } from '../../../core/index.ts'
import { BLOCKS, blockValues } from './blocks.ts'
import type { Span } from './series.ts'

/** Milliseconds between two looks; between two signs of life; of one stream at most, after which the browser asks anew. */
const LOOK = 1000
const QUIET = 15_000
const LONGEST = 5 * 60_000

/**
 * Server-sent events of the overview: `change` with the HTML of the parts that are not as they were. It ends when the
 * client has gone or the site stops, and after five minutes, so that rights are looked at again.
 */
export function overviewEvents(ctx: EngineContext, span: Span): Readable {
  const { signal } = ctx.djet
  const stream = Readable.from(changes(ctx, span), { objectMode: false })
  signal.addEventListener('abort', () => stream.destroy(), { once: true })
  return stream
}

async function* changes(ctx: EngineContext, span: Span): AsyncGenerator<Buffer> {
  const { signal, app } = ctx.djet
  const until = Date.now() + LONGEST
  const shown = new Map<string, string>()
  let said = Date.now()
  while (!signal.aborted && Date.now() < until) {
    const values = { ...ctx.payload, ...(await blockValues(ctx, span)) }
    const changed: Record<string, string> = {}
    for (const block of BLOCKS) {
      const html = await app.renderer.render(`jobmachine/overview-${block}.eta`, values)
      if (shown.get(block) === html) continue
      shown.set(block, html)
      changed[block] = html
    }
    if (Object.keys(changed).length > 0) {
      said = Date.now()
      yield Buffer.from(`event: change\ndata: ${JSON.stringify(changed)}\n\n`)
    } else if (Date.now() - said > QUIET) {
      said = Date.now()
      yield Buffer.from(': still there\n\n')
    }
    await sleep(LOOK, undefined, { signal }).catch(() => {})
  }
}
