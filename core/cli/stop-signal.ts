/** Signals that come this soon (milliseconds) after the first are the same key press, sent by the shell and by npm. */
const SAME_PRESS = 1000

/** Milliseconds between looks whether npm is still there. */
const LOOK = 250

/** Aborts at SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
export function stopSignal(): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController()
  let first = 0
  const heard = (): void => {
    if (!controller.signal.aborted) {
      first = Date.now()
      controller.abort()
    } else if (Date.now() - first > SAME_PRESS) process.exit(1)
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, heard)
  const unwatch = watchNpm(() => controller.abort())
  return {
    signal: controller.signal,
    dispose: () => {
      unwatch()
      for (const name of names) process.off(name, heard)
    },
  }
}

/**
 * npm and npx pass a signal to the shell they start a program with, and some shells die of it without passing it
 * on: the program is then left without a parent, which tells the same.
 */
function watchNpm(gone: () => void): () => void {
  if (process.env.npm_command === undefined) return () => {}
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    gone()
  }, LOOK)
  timer.unref()
  return () => clearInterval(timer)
}

/** Resolves when the signal aborts, at once if it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}
