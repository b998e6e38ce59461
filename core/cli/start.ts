import { openSite } from '../open-site.ts'
import type { Command } from '../plugin.ts'
import { aborted } from './stop-signal.ts'
import { wordsOf } from './words.ts'

/** Longest time from the signal to stop to the end of the process, milliseconds: more only for a longer grace. */
const STOP_WITHIN = 9500
/** What ending takes beyond the grace: threads, connections, the embedded server. */
const BEYOND_GRACE = 4000

/** `djet start`: serves the site until it is told to stop. */
export const start: Command = {
  usage: 'start',
  summary: 'serve the site: web pages and worker threads',
  async run({ args, dir, print, signal }) {
    const tell = (lines: readonly { label: string; text: string }[]): void => {
      for (const { label, text } of lines) print(`  ${label.padEnd(9)} ${text}`)
    }
    const { values } = wordsOf('start', args, { dev: { type: 'boolean' } })
    const app = await openSite(dir, {
      applicationName: `djet-start/${process.pid}`,
      dev: values.dev ?? false,
    })
    try {
      await app.prepare()
      print(`${app.config.site.title}, served by Djet`)
      // At once: what was just made, such as a password, is told even if the start comes to nothing.
      const told = app.announcements.length
      tell(app.announcements)
      if (signal.aborted) return
      const { url } = await app.start()
      print(`  open      ${url}`)
      tell(app.announcements.slice(told))
      print(`  data      ${app.dataDir ?? placeOf(app.databaseUrl)}`)
      if (app.config.log.file !== '-') print(`  log       ${app.config.log.file}`)
      print(`ready at ${url} (Ctrl-C stops)`)
      await aborted(signal)
      print('stopping: running requests and tasks may end')
    } finally {
      const longest = Math.max(STOP_WITHIN, app.config.grace * 1000 + BEYOND_GRACE)
      setTimeout(() => process.exit(1), longest).unref()
      await app.stop()
    }
  },
}

/** Where a database is, without its password. */
function placeOf(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  return `${url.host}${url.pathname}`
}
