// Bree takes only .js and .mjs files, and a worker thread does not inherit its parent's loader of TypeScript.
import { register } from 'tsx/esm/api'

register()
await import('./worker/thread.ts')
