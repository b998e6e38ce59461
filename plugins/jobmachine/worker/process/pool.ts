import { timeoutMessage } from '../../error.ts'
import type { Outcome } from '../attempt.ts'
import { IsolatedProcess } from './isolated-process.ts'
import type { Order, ProcessData, Reason } from './messages.ts'

/** Milliseconds a process that has nothing to do is kept for the next task. */
const WARM = 30_000
/** Milliseconds a function has for its own end after the abort signal. */
const ABORT_GRACE = 500
/** Bytes; a process that keeps more is not used again. */
const HEAVY = 512 * 2 ** 20

/** What whoever ordered an attempt hears of it. */
export interface Listener {
  /** Its function begins. */
  began(): void
  /** It is over; if it was aborted, or its process died, that process is dead for sure. */
  over(outcome: Outcome): void
}

interface Running {
  readonly owner: object
  readonly order: Order
  readonly listener: Listener
  process: IsolatedProcess | undefined
  aborted: Reason | undefined
  timer: NodeJS.Timeout | undefined
  /** Its owner is gone. */
  left: boolean
  done: Promise<void>
}

/**
 * The processes in which attempts of jobs with `isolation: 'process'` run. The main thread has them, since a worker
 * thread may itself be stuck or die: there is one for each task that runs, kept for the next one for a while.
 */
export class ProcessPool {
  readonly #data: ProcessData
  readonly #onNotice: (reason: string) => void
  readonly #running = new Set<Running>()
  readonly #idle = new Map<IsolatedProcess, NodeJS.Timeout>()
  readonly #ending = new Set<Promise<void>>()
  #stopped = false

  /** @param onNotice hears of database connections that a process lost or that were refused to it */
  constructor(data: ProcessData, onNotice: (reason: string) => void) {
    this.#data = data
    this.#onNotice = onNotice
  }

  /** Runs an attempt for a worker thread. */
  run(owner: object, order: Order, listener: Listener): void {
    const running: Running = {
      owner,
      order,
      listener,
      process: undefined,
      aborted: undefined,
      timer: undefined,
      left: false,
      done: Promise.resolve(),
    }
    this.#running.add(running)
    running.done = this.#run(running).then((outcome) => {
      clearTimeout(running.timer)
      this.#running.delete(running)
      if (!running.left) listener.over(outcome)
    })
  }

  /** Ends an attempt: its signal aborts, and a moment later its process is killed. */
  abort(owner: object, run: number, reason: Reason): void {
    for (const running of this.#running) {
      if (running.owner === owner && running.order.run === run) this.#abort(running, reason)
    }
  }

  /** A worker thread is gone: what runs for it is killed. Resolves when that is dead. */
  async leave(owner: object): Promise<void> {
    const left = [...this.#running].filter((running) => running.owner === owner)
    await Promise.all(
      left.map(async (running) => {
        running.left = true
        await running.process?.kill('its worker is gone')
        await running.done
      }),
    )
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const [process, timer] of this.#idle) {
      clearTimeout(timer)
      this.#end(process)
    }
    this.#idle.clear()
    const killed = [...this.#running].map(({ process }) => process?.kill('the worker stops'))
    await Promise.all([...killed, ...this.#ending])
  }

  async #run(running: Running): Promise<Outcome> {
    const { order, listener } = running
    const waiting = performance.now()
    const aborted = (): Reason | undefined => running.aborted
    const process = this.#take(order)
    running.process = process
    await process.ready
    if (!process.alive || aborted() || running.left) {
      if (process.alive) this.#keep(process)
      return process.outcome(performance.now() - waiting)
    }
    const outcome = await process.run(order, () => {
      running.timer ??= setTimeout(
        () => this.#abort(running, { why: 'timeout', message: timeoutMessage(order.limit) }),
        order.limit,
      )
      listener.began()
    })
    clearTimeout(running.timer)
    // What its function started may go on, whatever it said in the end.
    const reason = aborted()
    if (reason) await process.kill(reason.message)
    else if (process.alive) this.#keep(process)
    return outcome
  }

  #abort(running: Running, reason: Reason): void {
    if (running.aborted) return
    running.aborted = reason
    running.process?.abort(reason)
    clearTimeout(running.timer)
    running.timer = setTimeout(() => void running.process?.kill(reason.message), ABORT_GRACE)
  }

  /** A process that is warm, or a new one. */
  #take({ memory }: Order): IsolatedProcess {
    for (const [process, timer] of this.#idle) {
      clearTimeout(timer)
      this.#idle.delete(process)
      if (process.alive && (memory === undefined || process.resident < memory / 2)) return process
      this.#end(process)
    }
    const process = new IsolatedProcess(this.#data, this.#onNotice)
    // It may die while it is idle.
    void process.dead.then(() => {
      clearTimeout(this.#idle.get(process))
      this.#idle.delete(process)
    })
    return process
  }

  #keep(process: IsolatedProcess): void {
    if (this.#stopped || process.resident > HEAVY) {
      this.#end(process)
      return
    }
    const timer = setTimeout(() => {
      this.#idle.delete(process)
      this.#end(process)
    }, WARM)
    this.#idle.set(process, timer)
  }

  #end(process: IsolatedProcess): void {
    const ending = process.end().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }
}
