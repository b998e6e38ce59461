/** Signals that come this soon (milliseconds) after the first are the same key press, sent by the shell and by npm. */
const SAME_PRESS = 1000

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
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, heard)
    },
  }
}

/** Resolves when the signal aborts, at once if it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}
