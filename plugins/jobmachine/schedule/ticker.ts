import type { DjetApp, Stop } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { jobsOf } from '../registry.ts'
import { startPruning } from './prune.ts'
import { schedulesOf } from './registry.ts'
import { syncSchedules } from './sync.ts'
import { makeDue, type TickState, untilDue } from './tick.ts'

/** Milliseconds between two looks at the schedules, whatever happens. */
const POLL = 15_000
/** Milliseconds to wait for another process that is at work on what is due. */
const BUSY = 150
/** Milliseconds until schedules that could not be followed are tried again. */
const TROUBLE = 60_000

/**
 * Follows the schedules of a site: takes over those of the plugins, then makes a task at each due time. Every process
 * that serves the site or runs workers does it; the database sees to it that each due time has one task.
 *
 * @returns ends it
 */
export async function startSchedules(app: DjetApp): Promise<Stop> {
  await syncSchedules(app, schedulesOf(app))
  const ticker = new Ticker(app)
  const stopPruning = startPruning(app)
  await ticker.start()
  return async () => {
    await Promise.all([ticker.stop(), stopPruning()])
  }
}

class Ticker {
  readonly #app: DjetApp
  readonly #state: TickState
  readonly #ends: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #isWoken = false
  #isStopped = false
  /** The log says once that the database is away. */
  #isTroubled = false
  #forgivenAt = 0

  constructor(app: DjetApp) {
    this.#app = app
    this.#state = { jobs: jobsOf(app), troubled: new Set() }
  }

  async start(): Promise<void> {
    const { listen } = this.#app
    this.#ends.push(await listen.listen('jobmachine_schedule', () => this.#changed()))
    this.#ends.push(listen.onGap(() => this.#look()))
    this.#look()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const end of this.#ends) end()
    clearTimeout(this.#timer)
    await this.#running
  }

  #changed(): void {
    this.#state.troubled.clear()
    this.#look()
  }

  #look(): void {
    if (this.#isStopped) return
    if (this.#running) {
      this.#isWoken = true
      return
    }
    clearTimeout(this.#timer)
    this.#running = this.#run().then((wait) => {
      this.#running = undefined
      if (this.#isStopped) return
      if (this.#isWoken) this.#look()
      else this.#timer = setTimeout(() => this.#look(), wait)
    })
  }

  /** @returns milliseconds until the next look */
  async #run(): Promise<number> {
    this.#isWoken = false
    const poll = POLL * (0.75 + Math.random() / 2)
    try {
      if (Date.now() >= this.#forgivenAt) {
        this.#state.troubled.clear()
        this.#forgivenAt = Date.now() + TROUBLE
      }
      while (!this.#isStopped && (await makeDue(this.#app, this.#state)));
      const wait = await untilDue(this.#app, this.#state)
      this.#isTroubled = false
      if (wait === undefined) return poll
      return wait > 0 ? Math.min(wait, poll) : BUSY * (1 + Math.random())
    } catch (error) {
      // That the database is away is told once for the whole process.
      if (!this.#isTroubled && !this.#isStopped && !isConnectionError(error)) {
        this.#app.log.warn(`schedules cannot be followed, trying again: ${messageOf(error)}`)
      }
      this.#isTroubled = true
      return 500 + Math.random() * 1500
    }
  }
}
