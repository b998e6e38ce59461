import type { DjetApp, Stop } from '../../core/index.ts'
import { removeOldAttempts } from './model/attempts.ts'
import { endWeakSessions } from './model/second-factor.ts'
import type { Tools } from './tools.ts'

const HOUR = 60 * 60 * 1000

/**
 * Tells whoever starts the site how to get in, unless a new password was just announced; ends sessions that are
 * not good enough any more; removes each hour what has had its time.
 */
export async function start(app: DjetApp, { settings, later }: Tools): Promise<Stop> {
  if (!app.announcements.some(({ label }) => label === 'log in')) {
    const text = 'as admin, with the password it was given (a new one: djet user password admin)'
    app.announcements.push({ label: 'log in', text })
  }
  await endWeakSessions(app.scope(), settings.secondFactor)
  const tidy = async (): Promise<void> => {
    await app.database.query('delete from users.token where expires < now()')
    await removeOldAttempts(app)
  }
  const timer = setInterval(() => later.begin(app.log, 'tidying up of users', tidy), HOUR)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await later.end()
  }
}
