import { defineConfig } from '../../../core/index.ts'
import { jobmachine } from '../../../plugins/jobmachine/index.ts'
import { salesOrder } from '../../../plugins/sales-order/index.ts'
import { users } from '../../../plugins/users/index.ts'

// A site as its defaults make it. What the bench sets: where it listens, where its log goes, whether it keeps pages.
export default defineConfig({
  site: { title: 'Bench Traders' },
  host: '127.0.0.1',
  port: 0,
  plugins: [users(), jobmachine({ threads: 0 }), salesOrder()],
  cache: process.env.BENCH_CACHE !== 'off',
  log: { file: process.env.BENCH_LOG ?? 'var/djet.log' },
})
