import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import type Bree from 'bree'
import { messageOf } from '../../../core/index.ts'
import { clock } from '../clock.ts'
import type { FromThread, ThreadData, ToThread } from '../worker/messages.ts'
import type { ProcessPool } from '../worker/process/pool.ts'
import { Slots, type SlotTask } from '../worker/slots.ts'

const PROGRAM = fileURLToPath(new URL('../worker.mjs', import.meta.url))

/** Why and how a thread ended. */
export interface Death {
  /** Its worker id in the database; 0: it died before it had one. */
  readonly workerId: number
  /** Tasks it had started and not ended. */
  readonly tasks: readonly SlotTask[]
  readonly reason: string
  /** What nobody caught; undefined: it did not die of that. */
  readonly error: unknown
}

/** One worker thread, as its process sees it: Bree starts it, this watches it through its slots and messages. */
export class WorkerThread {
  readonly name: string
  readonly slots: Slots
  workerId = 0
  /** By `clock`: its start, and its last answer to a ping. */
  startedAt = 0
  answeredAt = 0
  reason = ''
  #error: unknown
  readonly #bree: Bree
  readonly #data: Omit<ThreadData, 'slots'>
  readonly #pool: ProcessPool
  readonly #onNotice: (reason: string) => void
  #worker: Worker | undefined
  #pings = 0
  #ended: Promise<void> = Promise.resolve()

  /**
   * @param pool runs for it what is to run in a process
   * @param onNotice hears of database connections that the thread lost or that were refused to it
   */
  constructor(
    bree: Bree,
    pool: ProcessPool,
    concurrency: number,
    data: Omit<ThreadData, 'slots'>,
    onNotice: (reason: string) => void,
  ) {
    this.#bree = bree
    this.#pool = pool
    this.#onNotice = onNotice
    this.#data = data
    this.name = `jobmachine-${data.thread}`
    this.slots = new Slots(concurrency)
  }

  get alive(): boolean {
    return this.#worker !== undefined
  }

  /** Starts it, again after its death. `onEnd` is called once it is dead for sure. */
  async start(onEnd: (death: Death) => void): Promise<void> {
    for (let slot = 0; slot < this.slots.size; slot++) this.slots.free(slot)
    this.slots.seized = false
    this.workerId = 0
    this.reason = ''
    this.#error = undefined
    this.startedAt = this.answeredAt = clock()
    if (!this.#bree.config.jobs.some((job) => typeof job === 'object' && job.name === this.name)) {
      await this.#bree.add({
        name: this.name,
        path: PROGRAM,
        timeout: false,
        interval: 0,
        // Without the flags of the parent process: its loaders and debuggers are not for threads.
        worker: {
          execArgv: [],
          workerData: { ...this.#data, slots: this.slots.buffer } satisfies ThreadData,
        },
      })
    }
    await this.#bree.run(this.name)
    const worker = this.#bree.workers.get(this.name)
    if (!worker) throw new Error(`Bree did not start ${this.name}`)
    this.#worker = worker
    worker.on('message', (message: FromThread) => this.#hear(message))
    worker.on('error', (error) => {
      this.reason ||= messageOf(error)
      this.#error = error
    })
    this.#ended = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.#worker = undefined
        const tasks = this.slots.occupied()
        void this.#pool.leave(this).then(() => {
          const reason = this.reason || `its thread was ended by process.exit(${code})`
          onEnd({ workerId: this.workerId, tasks, reason, error: this.#error })
          resolve()
        })
      })
    })
  }

  ping(): void {
    this.#tell({ type: 'ping', n: ++this.#pings })
  }

  wake(): void {
    this.#tell({ type: 'wake' })
  }

  /** Basetypes made on the site were changed. */
  basetypes(): void {
    this.#tell({ type: 'basetypes' })
  }

  cancel(id: number): void {
    this.#tell({ type: 'cancel', id })
  }

  lost(workerId: number): void {
    this.#tell({ type: 'lost', workerId })
  }

  /** Asks it to end by itself; after `deadline` milliseconds it is terminated. */
  async stop(grace: number, deadline: number): Promise<void> {
    this.#tell({ type: 'stop', grace })
    const timer = setTimeout(() => void this.terminate('did not stop in time'), deadline)
    await this.#ended
    clearTimeout(timer)
  }

  /** Ends it at once, whatever it does; resolves when it is dead. */
  async terminate(reason: string): Promise<void> {
    this.reason ||= reason
    await this.#worker?.terminate()
    await this.#ended
  }

  #tell(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  #hear(message: FromThread): void {
    if (message.type === 'worker') this.workerId = message.workerId
    else if (message.type === 'pong') this.answeredAt = clock()
    else if (message.type === 'notice') this.#onNotice(message.reason)
    else if (message.type === 'failed') this.reason = message.message
    else if (message.type === 'order') {
      const { run } = message.order
      this.#pool.run(this, message.order, {
        began: () => this.#tell({ type: 'began', run }),
        over: (outcome) => this.#tell({ type: 'outcome', run, outcome }),
      })
    } else if (message.type === 'abandon') this.#pool.abort(this, message.run, message.reason)
    // One that waits for the database to start says so.
    if (message.type === 'worker' || message.type === 'notice') this.answeredAt = clock()
  }
}
