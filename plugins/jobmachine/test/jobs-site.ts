import { fileURLToPath } from 'node:url'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import { startWorkers, type WorkerOptions } from '../index.ts'

export interface JobsSite extends TestSite {
  /** Starts worker threads on the site; `close` stops them. */
  work(options?: Partial<WorkerOptions>): Promise<() => Promise<void>>
}

/**
 * The trial site, in a folder of its own so that real worker threads can open it too.
 * @param folder another site's, beside this file
 */
export async function createJobsSite(folder = 'site/'): Promise<JobsSite> {
  const site = await createTestSite({ dir: fileURLToPath(new URL(folder, import.meta.url)) })
  const stops: (() => Promise<void>)[] = []
  return {
    ...site,
    work: async (options = {}) => {
      const stop = await startWorkers(site.app, {
        threads: 1,
        concurrency: 4,
        grace: 1000,
        retention: 86_400_000,
        ...options,
      })
      stops.push(stop)
      return stop
    },
    close: async () => {
      await Promise.all(stops.map((stop) => stop()))
      await site.close()
    },
  }
}
