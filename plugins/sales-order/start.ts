import type { DjetApp, Stop } from '../../core/index.ts'
import { foldSums } from './model/order-sums.ts'

/** Milliseconds between two looks for what is to be added to the sums of orders. */
const INTERVAL = 20_000

/** Adds what changed to the sums of orders, as long as the site is served. */
export async function start(app: DjetApp): Promise<Stop> {
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= foldSums(app.scope())
      .catch((error: unknown) => app.log.warn({ err: error }, 'adding up orders failed; it is tried again'))
      .finally(() => {
        running = undefined
      })
  }, INTERVAL)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
