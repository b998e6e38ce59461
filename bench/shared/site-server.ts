import { fileURLToPath } from 'node:url'
import { type DjetApp, openSite } from '../../core/index.ts'
import { answerCalls } from './child.ts'

/**
 * Answers the calls of the bench with a site, as `djet start` runs it: `serve(databaseUrl)` starts it and gives its URL.
 *
 * @param folder the site's
 * @param others what is asked beside it, of the site when it has been started
 */
export function serveSite(
  folder: URL,
  others: (app: () => DjetApp) => Record<string, (argument: never) => unknown> = () => ({}),
): void {
  let app: DjetApp | undefined
  const started = (): DjetApp => {
    if (!app) throw new Error('the site has not been started')
    return app
  }
  answerCalls(
    {
      serve: async (databaseUrl: string) => {
        app = await openSite(fileURLToPath(folder), { databaseUrl })
        await app.prepare()
        return (await app.start()).url.replace('localhost', '127.0.0.1')
      },
      ...others(started),
    },
    () => app?.stop(),
  )
}
