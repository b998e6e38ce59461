import { defineConfig } from '../../../../core/index.ts'
import { users } from '../../../users/index.ts'
import { jobmachine } from '../../index.ts'
import { isolated } from './isolated.ts'
import { ledger } from './ledger.ts'

/** A site whose jobs are hard on their workers: no threads of its own, each test starts what it needs. */
export default defineConfig({
  site: { title: 'Hard' },
  port: 0,
  host: '127.0.0.1',
  log: { level: 'silent', file: '-' },
  plugins: [users(), jobmachine({ threads: 0 }), ledger(), isolated()],
})
