import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { now, type Queue, type Ran, type Setting } from './queue.ts'
import { serveQueue } from './serve.ts'

interface Job {
  readonly id: string
  readonly data: { readonly sent?: number }
}

/** As much of pg-boss as is used here; the package is installed when it is wanted. */
interface Boss {
  on(event: 'error', listener: (error: Error) => void): unknown
  start(): Promise<unknown>
  stop(options: object): Promise<unknown>
  createQueue(name: string, options?: object): Promise<unknown>
  send(name: string, data: object): Promise<unknown>
  insert(...jobs: unknown[]): Promise<unknown>
  work(name: string, options: object, handler: (jobs: Job[]) => Promise<unknown>): Promise<string>
  offWork(name: string): Promise<unknown>
  notifyWorker(id: string): void
  fetch(name: string): Promise<Job[]>
  complete(name: string, id: string): Promise<unknown>
}

const QUEUE = 'noop'
/** Jobs of one batch: of 500, 1,000 and 2,000 the fastest. */
const BATCH = 1000

async function pgBoss(packageName: string): Promise<Queue> {
  const library = await import(packageName)
  /** Version 10 settles a batch as one only, and has no notifications. */
  const old = library.PgBoss === undefined
  const PgBoss: new (options: object) => Boss = library.PgBoss ?? library.default
  let boss: Boss
  let pool: pg.Pool
  let working = false
  let loops: Promise<void>[] = []
  const rest = async (): Promise<void> => {
    if (working) await boss.offWork(QUEUE)
    working = false
    await Promise.all(loops)
    loops = []
  }
  /** Ten loops, each with one job at a time. */
  const loop = async (tell: (ran: Ran) => void): Promise<void> => {
    while (working) {
      const [job] = await boss.fetch(QUEUE)
      if (job) {
        tell(ran([job]))
        await boss.complete(QUEUE, job.id)
      } else await sleep(50)
    }
  }
  const work = async (setting: Setting, tell: (ran: Ran) => void): Promise<void> => {
    working = true
    if (setting === 'unbatched') {
      loops = Array.from({ length: 10 }, () => loop(tell))
      return
    }
    const perJob = setting === 'fastest' && !old
    const options = {
      batchSize: BATCH,
      pollingIntervalSeconds: 0.5,
      ...(old ? {} : { burstWhenBatchFull: true, perJobResults: perJob }),
    }
    const id = await boss.work(QUEUE, options, async (jobs) => {
      tell(ran(jobs))
      // Version 12 does so by itself: it fetches on while batches are full.
      if (old && jobs.length === BATCH) boss.notifyWorker(id)
      return perJob ? jobs.map((job) => ({ id: job.id, status: 'completed' })) : undefined
    })
  }
  return {
    standing: false,
    prepare: async (connectionString) => {
      pool = new pg.Pool({ connectionString, max: 1 })
      boss = new PgBoss({
        connectionString,
        max: 12,
        schedule: false,
        ...(old ? {} : { useListenNotify: true }),
      })
      boss.on('error', (error) => process.stderr.write(`${packageName}: ${error.message}\n`))
      await boss.start()
      const notify = process.env.BENCH_NOTIFY === 'true'
      await boss.createQueue(QUEUE, old ? {} : { notify })
    },
    clear: async () => {
      await pool.query('truncate pgboss.job cascade')
      await pool.query('analyze pgboss.job')
    },
    analyze: async () => void (await pool.query('analyze pgboss.job')),
    sendMany: async (tasks) => {
      for (let left = tasks; left > 0; left -= 5000) {
        const jobs = new Array(Math.min(left, 5000)).fill(old ? { name: QUEUE, data: {} } : { data: {} })
        await (old ? boss.insert(jobs) : boss.insert(QUEUE, jobs))
      }
    },
    sendOne: (sent) => boss.send(QUEUE, { sent }),
    work,
    rest,
    anyLeft: async () => {
      const { rows } = await pool.query(
        `select exists (select from pgboss.job where name = $1 and state < 'completed') as any`,
        [QUEUE],
      )
      return rows[0].any
    },
    stop: async () => {
      await rest()
      await boss?.stop({ graceful: false, wait: false })
      await pool?.end()
    },
  }
}

function ran(jobs: readonly Job[]): Ran {
  const at = now()
  const waited = jobs.flatMap(({ data }) => (data?.sent ? [at - data.sent] : []))
  return { tasks: jobs.length, first: at, waited }
}

serveQueue(await pgBoss(process.env.BENCH_PACKAGE ?? ''))
