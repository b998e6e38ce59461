// Makes TypeScript loadable, then runs one of the benches: node bench/run.mjs jobs|page|queue|tree [--json] [--quick] [--peers]
import { register } from 'tsx/esm/api'

register()
const { main } = await import('./main.ts')
await main(process.argv.slice(2))
