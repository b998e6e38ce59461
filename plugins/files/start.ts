import { type DjetApp, messageOf, type Stop } from '../../core/index.ts'
import { followFields } from './model/follow-fields.ts'
import type { Tools } from './tools.ts'

/** Begins to follow where files are used, and does so anew when basetypes are changed on the site. */
export async function start(app: DjetApp, { variants }: Tools): Promise<Stop> {
  let following: Promise<void> = Promise.resolve()
  const follow = (before: () => Promise<void>): void => {
    following = following.then(before).then(() => followFields(app))
    following = following.catch((error) => {
      if (app.signal.aborted) return
      app.log.warn({ err: error }, `where files are used is not known: ${messageOf(error)}`)
    })
  }
  const unlisten = await app.listen.listen('djet_basetype', () => follow(() => app.reloadBasetypes()))
  follow(async () => {})
  return async () => {
    await unlisten()
    await variants.stop()
    await following
  }
}
