import { defineConfig } from '../../../core/index.ts'
import { type JobmachineOptions, jobmachine } from '../../../plugins/jobmachine/index.ts'
import { bench } from '../plugin/index.ts'

/** `BENCH_UNBATCHED=true`: one claim and one completion a task, ten at any time. */
const unbatched = { prefetch: false, threads: 1, concurrency: 10 }
const options: JobmachineOptions = process.env.BENCH_UNBATCHED === 'true' ? unbatched : {}

// A site with nothing but the job machine, as its defaults make it, and jobs that say when they have begun.
export default defineConfig({
  site: { title: 'Bench' },
  host: '127.0.0.1',
  port: 0,
  plugins: [jobmachine(options), bench()],
  log: { file: process.env.BENCH_LOG ?? 'var/djet.log' },
})
