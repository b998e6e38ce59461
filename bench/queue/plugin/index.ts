import { randomFillSync } from 'node:crypto'
import { Readable } from 'node:stream'
import { BroadcastChannel } from 'node:worker_threads'
import { z } from 'zod'
import { definePlugin } from '../../../core/index.ts'
import { defineJob } from '../../../plugins/jobmachine/index.ts'

/** Epoch milliseconds with fractions, the same for all processes and threads of a machine. */
export const now = (): number => performance.timeOrigin + performance.now()

/** Gives back how long its task took from being sent to being started, milliseconds. */
export const latency = defineJob('bench.latency', (_djet, { sent }) => now() - sent, {
  params: z.object({ sent: z.number() }),
  retries: 0,
})

/** Bytes of a piece of a generated file. */
const PIECE = 64 * 1024

/** Channel on which threads tell the process of the tasks they have run, `Ran` each. */
export const RAN = 'bench.ran'

const count = counter()

/** Does nothing but count, and tells the process a hundred times a second how many there were. */
export const tick = defineJob('bench.tick', (_djet, { sent }) => count(sent), {
  params: z.object({ sent: z.number().optional() }),
  retries: 0,
})

/** Channel on which a thread says that it is now busy. */
export const BURNING = 'bench.burning'

/** Has nothing else run on its thread until then, epoch milliseconds. */
export const burn = defineJob(
  'bench.burn',
  (_djet, { until }) => {
    burning()
    while (Date.now() < until);
  },
  { params: z.object({ until: z.number() }), retries: 0 },
)

/** Gives a file as result: noise that no compression makes smaller. */
export const bigFile = defineJob(
  'bench.file',
  async (djet, { bytes }) => {
    await djet.task?.file('noise.bin', 'application/octet-stream', Readable.from(noise(bytes)))
  },
  { params: z.object({ bytes: z.number() }), retries: 0 },
)

function* noise(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= PIECE) yield randomFillSync(Buffer.alloc(Math.min(left, PIECE)))
}

function burning(): void {
  const channel = new BroadcastChannel(BURNING)
  channel.postMessage(process.pid)
  channel.close()
}

/** Counts tasks of this thread, and tells of them a little later. */
function counter(): (sent?: number) => void {
  let channel: BroadcastChannel | undefined
  let tasks = 0
  let first = 0
  let waited: number[] = []
  const tell = (): void => {
    if (channel === undefined) {
      channel = new BroadcastChannel(RAN)
      channel.unref()
    }
    channel.postMessage({ tasks, first, waited })
    tasks = 0
    waited = []
  }
  return (sent) => {
    const at = now()
    if (tasks++ === 0) {
      first = at
      setTimeout(tell, 10)
    }
    if (sent !== undefined) waited.push(at - sent)
  }
}

/** The jobs of the queue bench. */
export const bench = definePlugin(() => ({
  name: 'bench',
  requires: ['jobmachine'],
  folder: new URL('.', import.meta.url),
  jobs: [latency, tick, burn, bigFile],
}))
