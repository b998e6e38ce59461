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

/** The job of the queue bench. */
export const bench = definePlugin(() => ({
  name: 'bench',
  requires: ['jobmachine'],
  folder: new URL('.', import.meta.url),
  jobs: [latency],
}))
