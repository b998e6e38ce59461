import type { Readable } from 'node:stream'
import type { EngineContext } from '../../core/index.ts'
import { taskEvents } from './events.ts'

/** Answers with the server-sent events of a task. */
export function streamEvents(ctx: EngineContext, id: number, options: { log?: boolean } = {}): void {
  asEvents(ctx, taskEvents(ctx.djet, id, options))
}

/** Answers with a stream of server-sent events. */
export function asEvents(ctx: EngineContext, events: Readable): void {
  ctx.type = 'text/event-stream'
  ctx.set('Cache-Control', 'no-cache, no-transform')
  ctx.set('X-Accel-Buffering', 'no')
  // Nothing follows on this connection: the server need not wait for it when it stops.
  ctx.set('Connection', 'close')
  ctx.body = events
}
