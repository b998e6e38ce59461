import { defineConfig } from '../../../../core/index.ts'
import { users } from '../../../users/index.ts'
import { jobmachine } from '../../index.ts'
import { limitsTrial } from '../limits-trial.ts'
import { trial } from '../trial.ts'

/** The site of the job machine's tests: no threads of its own, each test starts what it needs. */
export default defineConfig({
  site: { title: 'Trial' },
  port: 0,
  host: '127.0.0.1',
  log: { level: 'silent', file: '-' },
  plugins: [
    users(),
    jobmachine({ threads: 0, metricsToken: 'prometheus-reads-this' }),
    trial(),
    limitsTrial(),
  ],
})
