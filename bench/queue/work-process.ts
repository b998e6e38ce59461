import { fileURLToPath } from 'node:url'
import { type DjetApp, openSite } from '../../core/index.ts'
import { startWorkers } from '../../plugins/jobmachine/index.ts'
import { answerCalls } from '../shared/child.ts'

/** What `jobmachine()` takes when it is told nothing else. */
export interface WorkersOptions {
  readonly databaseUrl: string
  readonly threads: number
  readonly concurrency: number
}

// Worker threads as `djet work` runs them.
let app: DjetApp | undefined
let stopWorkers: (() => Promise<void>) | undefined

answerCalls(
  {
    work: async ({ databaseUrl, threads, concurrency }: WorkersOptions) => {
      app ??= await openSite(fileURLToPath(new URL('site', import.meta.url)), { databaseUrl })
      stopWorkers = await startWorkers(app, { threads, concurrency, grace: 6000, retention: 30 * 86_400_000 })
    },
  },
  async () => {
    await stopWorkers?.()
    await app?.stop()
  },
)
