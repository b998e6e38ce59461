import type { DjetApp } from './djet.ts'
import { removeUnkeptFiles } from './file/file-store.ts'
import type { Stop } from './plugin.ts'
import { removeEndedSessions } from './session.ts'

const HOUR = 60 * 60 * 1000

/** Removes what has had its time, hourly: ended sessions, uploaded files nothing refers to. */
export function startHousekeeping(app: DjetApp): Stop {
  let running: Promise<void> | undefined
  const tidy = async (): Promise<void> => {
    try {
      await removeEndedSessions(app.database)
      await removeUnkeptFiles(app.database)
    } catch (error) {
      app.log.warn({ err: error }, 'housekeeping failed; it is tried again in an hour')
    }
  }
  const timer = setInterval(() => {
    running = tidy()
  }, HOUR)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
