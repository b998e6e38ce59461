import { clock } from '../clock.ts'
import { byOrder, type Claimed } from '../queue/claim.ts'

/** Milliseconds a claimed task may wait here while all slots are busy. */
const LONGEST_WAIT = 500

/** Tasks that a thread has claimed and not started: few, since others could start them meanwhile. */
export class Held {
  /** The next one last. */
  #tasks: Claimed[] = []
  #since = 0

  get size(): number {
    return this.#tasks.length
  }

  /** All of them, in no order. */
  all(): readonly Claimed[] {
    return this.#tasks
  }

  add(tasks: readonly Claimed[]): void {
    if (tasks.length === 0) return
    this.#tasks = [...this.#tasks, ...tasks].sort(byOrder).reverse()
    this.#since = clock()
  }

  /** Takes out the first to run. */
  next(): Claimed | undefined {
    return this.#tasks.pop()
  }

  /** Forgets them: they are given back, or another's by now. */
  drop(): void {
    this.#tasks = []
  }

  /** Whether some have waited so long that another worker should have them. */
  get tooLong(): boolean {
    return this.size > 0 && clock() - this.#since > LONGEST_WAIT
  }
}
