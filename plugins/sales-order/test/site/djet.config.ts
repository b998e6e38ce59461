import { defineConfig } from '../../../../core/index.ts'
import { seedNorthwind } from '../../../../sample/seed.ts'
import { jobmachine } from '../../../jobmachine/index.ts'
import { users } from '../../../users/index.ts'
import { salesOrder } from '../../index.ts'

/** The Northwind demo, with a worker thread, for the tests that need one. */
export default defineConfig({
  site: { title: 'Northwind Traders' },
  port: 0,
  host: '127.0.0.1',
  log: { level: 'silent', file: '-' },
  plugins: [users(), jobmachine({ threads: 1 }), salesOrder()],
  seed: seedNorthwind,
})
