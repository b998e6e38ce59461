import { z } from 'zod'
import { defineJob } from './job.ts'

/** Class of the parent tasks that `sendBatch` makes. No worker runs them: they end when their children have. */
export const BATCH = 'jobmachine.batch'

/** Class of the tasks that retry or cancel many others. Only the jobs page sends them. */
export const BULK = 'jobmachine.bulk'

/** Gives its parameters back as result: for first tries and health checks. */
export const echo = defineJob('jobmachine.echo', (_djet, params) => params ?? {}, {
  params: z.json(),
  title: () => 'Echo',
  description: 'Gives its parameters back as result: to see whether workers run.',
  start: ['staff'],
})

/** Does nothing and leaves no result: for benches. */
export const noop = defineJob('jobmachine.noop', () => {}, { params: z.unknown(), retries: 0 })
