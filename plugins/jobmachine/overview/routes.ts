import type { EngineContext, EngineRouter } from '../../../core/index.ts'
import { DjetError } from '../../../core/index.ts'
import { maySee, requireCancel } from '../access.ts'
import { pauseClass, resumeClass } from '../pause.ts'
import { asEvents } from '../stream-events.ts'
import { spanOf } from './blocks.ts'
import { overviewEvents } from './events.ts'

/** What belongs to the overview: its events, and the buttons that pause and resume a class. */
export function overviewRoutes(router: EngineRouter): void {
  router.get('/events', (ctx) => asEvents(ctx, overviewEvents(ctx, spanOf(ctx))))

  router.post('/pause', async (ctx) => {
    const name = await requireClass(ctx)
    await pauseClass(ctx.djet, name)
    ctx.flash(`Tasks of ${name} wait until it is resumed. Those that run go on.`, 'notice')
    ctx.seeOther(ctx.below('/'))
  })

  router.post('/resume', async (ctx) => {
    const name = await requireClass(ctx)
    await resumeClass(ctx.djet, name)
    ctx.flash(`Tasks of ${name} run again.`)
    ctx.seeOther(ctx.below('/'))
  })
}

/** @throws {DjetError} CLASS_NOT_FOUND, 404; ACCESS_DENIED, 403 */
async function requireClass(ctx: EngineContext): Promise<string> {
  const name = typeof ctx.form.class === 'string' ? ctx.form.class : ''
  if (name === '' || name.includes('\0') || !maySee(ctx.djet, name)) {
    throw new DjetError('CLASS_NOT_FOUND', 'there is no such class of tasks.', { status: 404 })
  }
  await requireCancel(ctx.djet, ctx.node, { id: 0, class: name })
  return name
}
