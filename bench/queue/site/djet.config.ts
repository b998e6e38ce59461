import { defineConfig } from '../../../core/index.ts'
import { jobmachine } from '../../../plugins/jobmachine/index.ts'
import { bench } from '../plugin/index.ts'

// A site with nothing but the job machine, as its defaults make it, and a job that says when it has begun.
export default defineConfig({
  site: { title: 'Bench' },
  host: '127.0.0.1',
  port: 0,
  plugins: [jobmachine(), bench()],
  log: { file: process.env.BENCH_LOG ?? 'var/djet.log' },
})
