import type { WorkerThread } from './worker-thread.ts'

/** Milliseconds after which the other threads look as well. */
const OTHERS = 3

/**
 * Tells the threads of a process that there may be tasks: at once the one that has the least to do, the others a
 * moment later. Most often there is one task, and threads that all look for it are in each other's way; when the first
 * does not answer, because its task only computes, the others do.
 */
export class Waking {
  readonly #threads: readonly WorkerThread[]
  #others: NodeJS.Timeout | undefined

  constructor(threads: readonly WorkerThread[]) {
    this.#threads = threads
  }

  wake(): void {
    let first: WorkerThread | undefined
    for (const thread of this.#threads) {
      if (thread.workerId > 0 && (!first || thread.slots.busy < first.slots.busy)) first = thread
    }
    first?.wake()
    if (this.#threads.length === 1 && first) return
    this.#others ??= setTimeout(() => {
      this.#others = undefined
      for (const thread of this.#threads) thread.wake()
    }, OTHERS)
  }

  stop(): void {
    clearTimeout(this.#others)
  }
}
