// A process that sends tasks of the trial by chaos: node sender.mjs <options as JSON>
import { register } from 'tsx/esm/api'

register()
const { sendTasks } = await import('./send-tasks.ts')
await sendTasks(JSON.parse(process.argv[2]))
process.exit()
