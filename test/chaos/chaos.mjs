// The trial by chaos, as long as one likes: node test/chaos/chaos.mjs --tasks 100000 [--minutes n] [--seed n]
import { register } from 'tsx/esm/api'

register()
const { main } = await import('./main.ts')
await main(process.argv.slice(2))
