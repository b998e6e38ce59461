import { fileURLToPath } from 'node:url'
import { type DjetApp, openSite } from '../../core/index.ts'
import { answerCalls } from '../shared/child.ts'

// Djet as `djet start` runs it, without worker threads, on the tasks of the bench.
let app: DjetApp | undefined

answerCalls(
  {
    serve: async (databaseUrl: string) => {
      app = await openSite(fileURLToPath(new URL('site', import.meta.url)), { databaseUrl })
      await app.prepare()
      return (await app.start()).url.replace('localhost', '127.0.0.1')
    },
  },
  () => app?.stop(),
)
