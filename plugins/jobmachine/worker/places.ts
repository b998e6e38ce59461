import { clock } from '../clock.ts'
import type { AnyJob } from '../job.ts'
import type { Claimed } from '../queue/claim.ts'
import { Abort } from './abort.ts'
import { type RunParts, runTask } from './run-task.ts'
import type { Running, RunningTasks } from './running.ts'
import type { Slots } from './slots.ts'

/** Milliseconds a function has for its own end after the abort signal before its thread is terminated. */
export const ABORT_GRACE = 500

/** Where tasks run in a thread: as many at a time as it has slots. */
export class Places {
  readonly #slots: Slots
  readonly #running: RunningTasks
  readonly #parts: RunParts
  readonly #ahead: () => number
  readonly #onOver: (took: number) => void
  readonly #free: number[]

  /**
   * @param options.ahead milliseconds that the database's time of day is ahead of `clock`
   * @param options.onOver a function has ended, and its place is free again; how many milliseconds it took
   */
  constructor(options: {
    slots: Slots
    running: RunningTasks
    parts: RunParts
    ahead: () => number
    onOver: (took: number) => void
  }) {
    this.#slots = options.slots
    this.#running = options.running
    this.#parts = options.parts
    this.#ahead = options.ahead
    this.#onOver = options.onOver
    this.#free = Array.from({ length: options.slots.size }, (_, n) => n)
  }

  /** How many are free. */
  get free(): number {
    return this.#free.length
  }

  /** Starts a task in a free one. False: what this thread holds has been seized, and nothing was started. */
  begin(job: AnyJob, claimed: Claimed): boolean {
    const { id, turn, attempt } = claimed
    const limit = claimed.timeout ?? job.timeout
    const began = clock()
    // The main thread ends what is in a process, not the thread for its sake.
    const deadline = job.isolation === 'process' ? Number.POSITIVE_INFINITY : began + limit
    const slot = this.#free.pop()!
    if (!this.#slots.occupy(slot, id, turn, attempt, limit, deadline + ABORT_GRACE, began + this.#ahead())) {
      this.#free.push(slot)
      return false
    }
    const abort = new Abort()
    const running: Running = { claimed, abort, began, deadline, limit }
    this.#running.add(running)
    const begins = (): void => {
      running.deadline = clock() + limit
    }
    void runTask(this.#parts, job, claimed, abort, begins).then((took) => {
      this.#slots.free(slot)
      this.#free.push(slot)
      this.#running.remove(running)
      this.#onOver(took)
    })
    return true
  }
}
