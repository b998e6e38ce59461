import pg from 'pg'
import { now, type Queue, type Setting } from './queue.ts'
import { serveQueue } from './serve.ts'

interface Utils {
  addJob(task: string, payload: unknown): Promise<unknown>
  addJobs(jobs: readonly { identifier: string; payload: unknown }[]): Promise<unknown>
  migrate(): Promise<void>
  release(): PromiseLike<void> | void
}

/** As much of graphile-worker as is used here; the package is installed when it is wanted. */
interface GraphileWorker {
  Logger: new (factory: () => () => void) => object
  makeWorkerUtils(options: object): Promise<Utils>
  run(options: object): Promise<{ stop(): Promise<void> }>
}

/** Without the local queue a job waits for no other; ten jobs need ten connections and one to listen. */
const UNBATCHED = { concurrentJobs: 10, maxPoolSize: 12 }

const SETTINGS: Record<Setting, object> = {
  // Their page on performance: a local queue, completions that are collected while one is written.
  fastest: {
    concurrentJobs: 24,
    maxPoolSize: 26,
    localQueue: { size: 1000 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
  whole: {},
  unbatched: UNBATCHED,
  idle: UNBATCHED,
}

async function graphileWorker(packageName: string): Promise<Queue> {
  const library: GraphileWorker = await import(packageName)
  const logger = new library.Logger(() => () => {})
  let utils: Utils
  let pool: pg.Pool
  let connectionString: string
  let runner: { stop(): Promise<void> } | undefined
  const rest = async (): Promise<void> => {
    await runner?.stop()
    runner = undefined
  }
  return {
    standing: false,
    prepare: async (databaseUrl) => {
      connectionString = databaseUrl
      pool = new pg.Pool({ connectionString, max: 1 })
      utils = await library.makeWorkerUtils({
        preset: { worker: { connectionString, maxPoolSize: 10, logger } },
      })
      await utils.migrate()
    },
    clear: async () => {
      await pool.query('truncate graphile_worker._private_jobs restart identity')
      await pool.query('analyze graphile_worker._private_jobs')
    },
    analyze: async () => void (await pool.query('analyze graphile_worker._private_jobs')),
    sendMany: async (tasks) => {
      for (let left = tasks; left > 0; left -= 5000) {
        const job = { identifier: 'noop', payload: {} }
        await utils.addJobs(new Array(Math.min(left, 5000)).fill(job))
      }
    },
    sendOne: (sent) => utils.addJob('noop', { sent }),
    work: async (setting, tell) => {
      const noop = ({ sent }: { sent?: number }): void => {
        const at = now()
        tell({ tasks: 1, first: at, waited: sent ? [at - sent] : [] })
      }
      runner = await library.run({
        preset: { worker: { connectionString, logger, ...SETTINGS[setting] } },
        taskList: { noop },
        parsedCronItems: [],
        noHandleSignals: true,
      })
    },
    rest,
    anyLeft: async () => {
      const { rows } = await pool.query('select exists (select from graphile_worker._private_jobs) as any')
      return rows[0].any
    },
    stop: async () => {
      await rest()
      await utils?.release()
      await pool?.end()
    },
  }
}

serveQueue(await graphileWorker(process.env.BENCH_PACKAGE ?? ''))
