import { defineConfig } from '../../../core/index.ts'
import { jobmachine } from '../../../plugins/jobmachine/index.ts'
import { users } from '../../../plugins/users/index.ts'
import { chaos } from '../jobs.ts'

/** The site of the trials by chaos: its processes run workers, serve pages or send tasks, and are treated badly. */
export default defineConfig({
  site: { title: 'Chaos' },
  port: 0,
  host: '127.0.0.1',
  log: { level: process.env.CHAOS_LOG === 'info' ? 'info' : 'silent', file: '-', requests: false },
  plugins: [users(), jobmachine({ threads: Number(process.env.CHAOS_THREADS ?? 1) }), chaos()],
})
