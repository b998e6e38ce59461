import { defineConfig } from './core/index.ts'
import { admin } from './plugins/admin/index.ts'
import { files } from './plugins/files/index.ts'
import { jobmachine } from './plugins/jobmachine/index.ts'
import { salesOrder } from './plugins/sales-order/index.ts'
import { users } from './plugins/users/index.ts'
import { seedNorthwind } from './sample/seed.ts'

export default defineConfig({
  site: { title: 'Northwind Traders' },
  languages: ['en', 'da', 'it'],
  plugins: [users(), jobmachine({ threads: 2 }), salesOrder(), files(), admin()],
  seed: seedNorthwind,
})
