// First the watchdog, which must live before anything that may block; then the TypeScript.
import { Worker } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

/** Bytes of memory this process may use; 0: no limit. */
const limit = new Float64Array(new SharedArrayBuffer(8))
const watchdog = new Worker(new URL('./watchdog.mjs', import.meta.url), {
  execArgv: [],
  workerData: { parent: Number(process.argv[2]), limit },
})
watchdog.unref()

register()
const { serve } = await import('./serve.ts')
serve(limit)
