import sharp from 'sharp'
import { type DjetApp, messageOf, type Stop } from '../../core/index.ts'
import { followFields } from './model/uses.ts'

/** Begins to follow where files are used. */
export async function start(app: DjetApp): Promise<Stop> {
  // One thread an image: how many are made at once is said by `atOnce`.
  sharp.concurrency(1)
  sharp.cache(false)
  const following = followFields(app).catch((error) => {
    if (!app.signal.aborted)
      app.log.warn({ err: error }, `where files are used is not known: ${messageOf(error)}`)
  })
  return () => following
}
