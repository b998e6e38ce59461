import { fileURLToPath } from 'node:url'
import { type DjetApp, openSite } from '../../core/index.ts'
import { answerCalls } from '../shared/child.ts'

// Djet as `djet start` runs it. Whether it caches is told by the environment, see site/djet.config.ts.
let app: DjetApp | undefined

/** Epoch milliseconds with fractions, the same for all processes of a machine. */
const now = (): number => performance.timeOrigin + performance.now()

answerCalls(
  {
    serve: async (databaseUrl: string) => {
      app = await openSite(fileURLToPath(new URL('site', import.meta.url)), { databaseUrl })
      await app.prepare()
      return (await app.start()).url.replace('localhost', '127.0.0.1')
    },
    /** When the change was committed. */
    changeTitle: async ({ path, title }: { path: string; title: string }) => {
      await app?.scope().nodes.update(path, { title })
      return now()
    },
    /** When the caches have dropped what the next notification names. */
    nextNotification: () =>
      new Promise<number>((done) => {
        const listening = app?.listen.listen('djet_node', async () => {
          done(now())
          await (await listening)?.()
        })
      }),
  },
  () => app?.stop(),
)
