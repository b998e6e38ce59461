import { fileURLToPath } from 'node:url'
import { BroadcastChannel } from 'node:worker_threads'
import { type DjetApp, openSite } from '../../../core/index.ts'
import { send, waitFor } from '../../../plugins/jobmachine/index.ts'
import { answerCalls } from '../../shared/child.ts'
import { BURNING, bigFile, burn } from '../plugin/index.ts'
import { workersReady } from '../tasks.ts'

// A site as `djet start` runs it, web server and worker threads in one process, that says how much memory it took.
let app: DjetApp | undefined
let peak = 0
const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 20)

answerCalls(
  {
    serve: async (databaseUrl: string) => {
      app = await openSite(fileURLToPath(new URL('../site', import.meta.url)), { databaseUrl })
      await app.prepare()
      // Files of results are for whoever asks, here.
      await app.scope().nodes.update('/jobs', { acl: { everyone: ['view'] } })
      const { url } = await app.start()
      await workersReady(app, 2)
      return url.replace('localhost', '127.0.0.1')
    },
    /** Keeps two threads busy until then; answers once both are. */
    burn: async (until: number) => {
      const channel = new BroadcastChannel(BURNING)
      let burning = 0
      const both = new Promise<void>((done) => {
        channel.onmessage = () => {
          if (++burning === 2) done()
        }
      })
      // More than two, because one thread may take several and runs the first of them only.
      for (let n = 0; n < 10; n++) await send(app!.scope(), burn, { until })
      await both
      channel.close()
    },
    /** Has a worker make a file of that size; the path it can be had from. */
    makeFile: async (bytes: number) => {
      const { id, url } = await send(app!.scope(), bigFile, { bytes })
      const outcome = await waitFor(app!.scope(), id, { timeout: '10m' })
      if (outcome.status !== 'finished') throw new Error(`the file was not made: ${outcome.error}`)
      const [row] = await app!.database.query<{ id: number }>(
        'select result_id as id from jobmachine.result where task_id = $1 and file_id is not null',
        [id],
      )
      return `${url}/result/${row!.id}`
    },
    /** Resident memory now, bytes; from now on the peak is counted anew. */
    rest: () => {
      peak = process.memoryUsage.rss()
      return peak
    },
    peak: () => peak,
  },
  async () => {
    clearInterval(sampling)
    await app?.stop()
  },
)
