import type { Logger } from 'pino'
import { messageOf } from '../../../core/index.ts'
import { clock } from '../clock.ts'
import { TaskAborted, timeoutMessage } from '../error.ts'
import type { Claimed } from '../queue/claim.ts'
import { showRunning } from '../queue/hold.ts'
import type { Abort } from './abort.ts'
import type { Session } from './session.ts'

/** A task whose function has been started and not ended. */
export interface Running {
  readonly claimed: Claimed
  readonly abort: Abort
  /** By `clock`. */
  readonly began: number
  /** By `clock`; infinite until its function begins, if that is in a process. */
  deadline: number
  readonly limit: number
}

/**
 * What runs in a thread now: aborts what is overdue, and shows what has been running for a while. A run that was given up
 * may go on for a while beside the next one of its task, so they are told apart by themselves and not by the task.
 */
export class RunningTasks {
  readonly #session: Session
  readonly #log: Logger
  readonly #tasks = new Set<Running>()
  /** Those the database shows as running. */
  readonly #shown = new Set<Running>()

  constructor(session: Session, log: Logger) {
    this.#session = session
    this.#log = log
  }

  get size(): number {
    return this.#tasks.size
  }

  /** As they were claimed. */
  claimed(): Claimed[] {
    return [...this.#tasks].map(({ claimed }) => claimed)
  }

  add(running: Running): void {
    this.#tasks.add(running)
  }

  remove(running: Running): void {
    this.#tasks.delete(running)
    this.#shown.delete(running)
  }

  /** Forgets them: their thread ends. */
  clear(): void {
    this.#tasks.clear()
    this.#shown.clear()
  }

  /** Aborts one, if it runs here. */
  abort(id: number, reason: TaskAborted): void {
    this.abortAll(reason, (task) => task.id === id)
  }

  /** Aborts those for which `which` holds; all when absent. */
  abortAll(reason: TaskAborted, which: (task: Claimed) => boolean = () => true): void {
    for (const { claimed, abort } of this.#tasks) if (which(claimed)) abort.abort(reason)
  }

  /** Aborts those beyond their time limit. */
  abortOverdue(): void {
    const now = clock()
    for (const { deadline, limit, abort } of this.#tasks) {
      if (now >= deadline && !abort.aborted) abort.abort(new TaskAborted('timeout', timeoutMessage(limit)))
    }
  }

  /** Writes which of them have been running for so many milliseconds; a failure is told in the log. */
  async show(age: number): Promise<void> {
    const now = clock()
    const { workerId, ahead } = this.#session
    const running = [...this.#tasks].filter(
      (one) => now - one.began >= age && !this.#shown.has(one) && one.claimed.workerId === workerId,
    )
    if (running.length === 0) return
    for (const one of running) this.#shown.add(one)
    try {
      await showRunning(
        this.#session,
        workerId,
        running.map(({ claimed: { id, turn, attempt }, began }) => ({
          id,
          turn,
          attempt,
          began: began + ahead,
        })),
      )
    } catch (error) {
      this.#log.warn(`running tasks could not be shown: ${messageOf(error)}`)
    }
  }

  /** Waits until none runs. @returns false when some still do after `ms` milliseconds */
  async idleWithin(ms: number): Promise<boolean> {
    const until = clock() + ms
    while (this.size > 0 && clock() < until) await new Promise((resolve) => setTimeout(resolve, 20))
    return this.size === 0
  }
}
