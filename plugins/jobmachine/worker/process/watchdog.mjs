// A thread beside the one that runs the function, which may be stuck in native code: ends the process, with all that
// it started, when the process that started it is gone or when it uses too much memory.
import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

/** Milliseconds between two looks. */
const LOOK = 100
const { parent, limit } = workerData

function end() {
  // It leads its own group; Windows has none.
  process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL')
}

function orphaned() {
  if (process.platform !== 'win32') return process.ppid !== parent
  try {
    process.kill(parent, 0)
    return false
  } catch {
    return true
  }
}

setInterval(() => {
  if (orphaned()) end()
  const most = limit[0]
  if (most === 0) return
  const used = process.memoryUsage.rss()
  if (used <= most) return
  // Says why, beside the channel that the other thread may not be able to serve.
  writeSync(4, `memory ${used}\n`)
  end()
}, LOOK)
