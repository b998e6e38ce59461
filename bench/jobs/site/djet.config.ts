import { defineConfig } from '../../../core/index.ts'
import { jobmachine } from '../../../plugins/jobmachine/index.ts'
import { users } from '../../../plugins/users/index.ts'
import { office } from '../office.ts'

// No worker threads: what is measured are pages.
export default defineConfig({
  site: { title: 'Bench Office' },
  host: '127.0.0.1',
  port: 0,
  plugins: [users(), jobmachine({ threads: 0 }), office()],
  log: { file: process.env.BENCH_LOG ?? 'var/djet.log' },
})
