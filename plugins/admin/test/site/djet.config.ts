import { defineConfig } from '../../../../core/index.ts'
import { jobmachine } from '../../../jobmachine/index.ts'
import { users } from '../../../users/index.ts'
import { admin } from '../../index.ts'

/** A site with a worker thread, for what is done at set times. */
export default defineConfig({
  site: { title: 'Publishing' },
  port: 0,
  host: '127.0.0.1',
  log: { level: 'warn', file: '-' },
  plugins: [users(), jobmachine({ threads: 1 }), admin()],
})
