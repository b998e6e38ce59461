import { defineConfig } from '../../../core/index.ts'
import { admin } from '../../../plugins/admin/index.ts'
import { files } from '../../../plugins/files/index.ts'
import { jobmachine } from '../../../plugins/jobmachine/index.ts'
import { salesOrder } from '../../../plugins/sales-order/index.ts'
import { users } from '../../../plugins/users/index.ts'

// The demo's plugins on a tree of the bench's. No worker threads: what is measured are pages.
export default defineConfig({
  site: { title: 'Bench Traders' },
  host: '127.0.0.1',
  port: 0,
  plugins: [users(), jobmachine({ threads: 0 }), salesOrder(), files(), admin()],
  log: { file: process.env.BENCH_LOG ?? 'var/djet.log' },
})
