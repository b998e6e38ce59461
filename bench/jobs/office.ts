import { z } from 'zod'
import { definePlugin } from '../../core/index.ts'
import { defineJob } from '../../plugins/jobmachine/index.ts'

/** Classes of the tasks. */
export const CLASSES = 10

const params = z.object({ order: z.int(), customer: z.string() })

/** The jobs whose tasks fill the tables; none is run. */
export const office = definePlugin(() => ({
  name: 'bench-office',
  requires: ['jobmachine'],
  folder: new URL('.', import.meta.url),
  jobs: Array.from({ length: CLASSES }, (_, n) => defineJob(`office.job-${n}`, () => n, { params })),
}))
