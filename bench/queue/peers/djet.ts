import { fileURLToPath } from 'node:url'
import { BroadcastChannel } from 'node:worker_threads'
import { type DjetApp, openSite } from '../../../core/index.ts'
import { send, sendMany } from '../../../plugins/jobmachine/index.ts'
import { RAN, tick } from '../plugin/index.ts'
import { forget, workersReady } from '../tasks.ts'
import { type Claims, measureClaims } from './claims.ts'
import type { Queue, Ran } from './queue.ts'
import { serveQueue } from './serve.ts'

/**
 * Djet as `djet start` runs it: worker threads beside the web server, in one process.
 * `BENCH_KEEP=true`: other tasks than those of the bench are there and stay.
 */
function djet(): { queue: Queue; claims(options: Claims): Promise<number[]> } {
  const site = fileURLToPath(new URL('../site', import.meta.url))
  const channel = new BroadcastChannel(RAN)
  let app: DjetApp | undefined
  let tell: ((ran: Ran) => void) | undefined
  let working = false
  /** Of the class, as a number: planned for any class, the bench's own questions would read the tables from end to end. */
  let tickClass = 0
  channel.onmessage = (message): void => tell?.((message as { data: Ran }).data)
  channel.unref()
  const clear = async (): Promise<void> => {
    if (process.env.BENCH_KEEP !== 'true') return forget(app!)
    await app!.database.query('delete from jobmachine.task where class_id = $1', [tickClass])
    await app!.database.query('vacuum (analyze) jobmachine.task, jobmachine.ready')
  }
  const queue: Queue = {
    standing: true,
    prepare: async (databaseUrl) => {
      app = await openSite(site, { databaseUrl })
      await app.prepare()
      const [row] = await app.database.query<{ id: number }>("select jobmachine.class_id('bench.tick') as id")
      tickClass = row!.id
    },
    clear,
    analyze: async () => {},
    sendMany: async (tasks, atOnce = false) => {
      const chunk = atOnce ? tasks : 5000
      for (let left = tasks; left > 0; left -= chunk) {
        await sendMany(app!.scope(), tick, new Array(Math.min(left, chunk)).fill({}))
      }
    },
    sendOne: (sent) => send(app!.scope(), tick, sent === 0 ? {} : { sent }),
    work: async (_setting, toTell) => {
      tell = toTell
      if (working) return
      working = true
      await app!.start()
      await workersReady(app!, 1)
    },
    rest: async () => {},
    anyLeft: async () => {
      const [row] = await app!.database.query<{ some: boolean }>(
        `select exists (select from jobmachine.task
           where class_id = $1 and status in (0, 100)) as some`,
        [tickClass],
      )
      return row!.some
    },
    stop: async () => {
      channel.close()
      await app?.stop()
    },
  }
  const claims = async (options: Claims): Promise<number[]> => {
    await clear()
    await queue.sendMany(options.claims * options.limit)
    return measureClaims(app!, options)
  }
  return { queue, claims }
}

const { queue, claims } = djet()
serveQueue(queue, { claims })
