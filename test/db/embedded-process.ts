import { pino } from 'pino'
import { startEmbedded } from '../../core/db/embedded/start.ts'

// A process of a site for the tests: starts the server of the folder it is given, says so, and stops it when told.
const dir = process.argv[2] ?? ''
const log = pino({ level: 'silent' })
const server = await startEmbedded({ dir, log, settings: { fsync: 'off' } })
process.send?.({ url: server.url, pid: server.pid })
process.once('message', async () => {
  await server.stop()
  process.disconnect()
})
