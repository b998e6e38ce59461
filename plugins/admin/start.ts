import { type DjetApp, messageOf, type Stop } from '../../core/index.ts'
import { planNext } from './jobs.ts'

/** Channel on which core tells that a time was set. */
const CHANNEL = 'djet_schedule'
/** Milliseconds after which it is looked anew, for times that nobody told: of what came back from the trash. */
const EVERY = 60_000

/** Plans publishing at set times: at the start, whenever a time is set, and now and then. */
export async function start(app: DjetApp): Promise<Stop> {
  let running: Promise<void> = Promise.resolve()
  const plan = (): void => {
    running = running.then(async () => {
      if (app.signal.aborted) return
      try {
        await planNext(app.scope())
      } catch (error) {
        app.log.warn({ err: error }, `publishing could not be planned: ${messageOf(error)}`)
      }
    })
  }
  const unlisten = await app.listen.listen(CHANNEL, plan)
  const ungap = app.listen.onGap(plan)
  const timer = setInterval(plan, EVERY)
  timer.unref()
  plan()
  return async () => {
    clearInterval(timer)
    ungap()
    await unlisten()
    await running
  }
}
