import { defineConfig } from '../../../../core/index.ts'
import { jobmachine } from '../../index.ts'
import { hooked } from '../hooked.ts'
import { trial } from '../trial.ts'

/** A site with a plugin that is told of the ends of tasks; failed ones are kept longer. */
export default defineConfig({
  site: { title: 'Hooks' },
  port: 0,
  host: '127.0.0.1',
  log: { level: 'silent', file: '-' },
  plugins: [jobmachine({ threads: 0, retention: { finished: '1h', failed: '10h' } }), trial(), hooked()],
})
