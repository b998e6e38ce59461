import { removeOldAnswers } from './api/idempotency.ts'
import type { DjetApp } from './djet.ts'
import { removeUnkeptFiles } from './file/file-store.ts'
import { removeObjects } from './file/removed-objects.ts'
import { removeReleasedFiles } from './node/released-files.ts'
import type { Stop } from './plugin.ts'
import { removeEndedSessions } from './session.ts'
import { removeEndedTokens } from './token.ts'

const HOUR = 60 * 60 * 1000

/** Deletes what has been in the trash long enough, and files that no node holds any more. */
export async function tidyNodes(app: DjetApp): Promise<void> {
  const djet = app.scope()
  const { days } = app.config.trash
  await djet.nodes.emptyTrash(new Date(Date.now() - days * 24 * HOUR))
  await removeReleasedFiles(djet)
}

/** Removes what has had its time: ended sessions, uploaded files nothing refers to, old trash. */
export async function tidy(app: DjetApp): Promise<void> {
  await removeEndedSessions(app.database)
  await removeEndedTokens(app.database)
  await removeOldAnswers(app.database)
  await removeUnkeptFiles(app.database)
  await tidyNodes(app)
  if (app.objects) await removeObjects(app.database, app.objects, app.signal)
}

/** Tidies hourly. */
export function startHousekeeping(app: DjetApp): Stop {
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running = tidy(app).catch((error: unknown) => {
      app.log.warn({ err: error }, 'housekeeping failed; it is tried again in an hour')
    })
  }, HOUR)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
