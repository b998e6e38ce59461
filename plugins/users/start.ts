import type { DjetApp, Stop } from '../../core/index.ts'

/** Tells whoever starts the site how to get in, unless a new password was just announced. */
export async function start(app: DjetApp): Promise<Stop> {
  if (!app.announcements.some(({ label }) => label === 'log in')) {
    const text = 'as admin, with the password it was given (a new one: djet user password admin)'
    app.announcements.push({ label: 'log in', text })
  }
  return async () => {}
}
