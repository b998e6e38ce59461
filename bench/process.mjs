// A child process of a bench: makes TypeScript loadable, then runs the module it is told.
import { register } from 'tsx/esm/api'

register()
await import(process.argv[2])
