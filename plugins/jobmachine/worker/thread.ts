import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { type DjetApp, messageOf, openSite } from '../../../core/index.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { jobsOf, requireJob } from '../registry.ts'
import { Machine } from './machine.ts'
import type { FromThread, ThreadData, ToThread } from './messages.ts'
import { Apart } from './process/apart.ts'
import { workerName } from './session.ts'
import { Slots } from './slots.ts'
import { stepBack } from './step-back.ts'

/** Milliseconds between two tries to open the site while its database cannot be reached; ± 25 %. */
const PAUSE = 2000

const port = parentPort!
const data = workerData as ThreadData

function tell(message: FromThread): void {
  port.postMessage(message)
}

async function main(): Promise<void> {
  const slots = new Slots(data.slots)
  const app = await open(slots.size + 2)
  const known = jobsOf(app)
  const names = data.classes ?? [...known.keys()]
  const apart = new Apart(tell)
  const machine = new Machine({
    app,
    apart,
    jobs: new Map(names.map((name) => [name, requireJob(known, name)])),
    slots,
    thread: data.thread,
    retention: data.retention,
    prefetch: data.prefetch,
    onWorkerId: (workerId) => tell({ type: 'worker', workerId }),
  })
  let stopping = false
  const stop = async (grace: number): Promise<void> => {
    if (stopping) return
    stopping = true
    await machine.stop(grace)
    await app.stop()
    tell({ type: 'stopped' })
    port.close()
  }
  port.on('message', (message: ToThread | 'cancel') => {
    if (message === 'cancel') void stop(0)
    else if (message.type === 'ping') tell({ type: 'pong', n: message.n })
    else if (message.type === 'wake') machine.wake()
    else if (message.type === 'basetypes') reloadBasetypes(app)
    else if (message.type === 'cancel') machine.cancel(message.id)
    else if (message.type === 'began' || message.type === 'outcome') apart.hear(message)
    else if (message.type === 'lost') void machine.lost(message.workerId)
    else void stop(message.grace)
  })
  stepBack(data.nice)
  await machine.start()
}

/** Opens the site, again and again while its database cannot be reached: its process has reached it before. */
async function open(poolSize: number): Promise<DjetApp> {
  for (;;) {
    try {
      return await openSite(data.dir, {
        databaseUrl: data.databaseUrl,
        directUrl: data.directUrl,
        applicationName: workerName(data.thread),
        notices: { notice: (reason) => tell({ type: 'notice', reason }) },
        poolSize,
      })
    } catch (error) {
      if (!isConnectionError(error)) throw error
      tell({ type: 'notice', reason: messageOf(error) })
      await sleep(PAUSE * (0.75 + Math.random() / 2))
    }
  }
}

function reloadBasetypes(app: DjetApp): void {
  app.reloadBasetypes().catch((error: unknown) => {
    if (app.signal.aborted) return
    // That the database is away is told once for the whole process.
    if (isConnectionError(error)) setTimeout(() => reloadBasetypes(app), 1000).unref()
    else app.log.error({ err: error }, 'the basetypes made on the site could not be read')
  })
}

main().catch((error: unknown) => {
  tell({ type: 'failed', message: messageOf(error) })
  process.exit(1)
})
