import { performance } from 'node:perf_hooks'
import type { Connection, DjetApp, Stop } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'
import { beBrief } from '../queue/brief.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { countWaiting, isLong } from '../queue/gauge.ts'
import { FOLD_LOCK, foldTally, rollUp } from '../queue/tally.ts'
import { Ration } from '../ration.ts'

/** Milliseconds between two looks. */
const PERIOD = 2000
/** Looks between two that make hours of minutes; between two that also take in what was committed late. */
const SELDOM = 15
/** Statements of one look at most. */
const ROUNDS = 20
/** Counting what waits may take this part of the time: one in so many. */
const SHARE = 50

/** Keeps the counters: every process that serves or works does it, one at a time by an advisory lock. */
class Bookkeeping {
  readonly #app: DjetApp
  #looks = 0
  readonly #counting = new Ration(SHARE)
  #troubled = false
  #stopped = false
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(app: DjetApp) {
    this.#app = app
  }

  start(): void {
    // Processes that were started together do not all ask at once.
    this.#timer = setTimeout(
      () => {
        this.#running = this.#look().finally(() => {
          if (!this.#stopped) this.start()
        })
      },
      PERIOD * (0.75 + Math.random() / 2),
    )
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  async #look(): Promise<void> {
    const seldom = this.#looks % SELDOM === 0
    const first = this.#looks === 0
    this.#looks++
    try {
      await this.#repeat((tx) => foldTally(tx, seldom))
      if (seldom) await this.#repeat((tx) => rollUp(tx, first))
      await this.#repeat(async (tx) => {
        await this.#count(tx)
        return false
      })
      this.#troubled = false
    } catch (error) {
      // That the database is away is told once for the whole process.
      if (!this.#troubled && !this.#stopped && !isConnectionError(error)) {
        this.#app.log.warn(`counters of tasks could not be kept: ${messageOf(error)}`)
      }
      this.#troubled = true
    }
  }

  async #count(tx: Connection): Promise<void> {
    const began = performance.now()
    if (!this.#counting.due(began)) return
    if (await isLong(tx)) await countWaiting(tx)
    this.#counting.took(performance.now(), performance.now() - began)
  }

  /** Each piece in a transaction of its own, as long as there is more. */
  async #repeat(work: (tx: Connection) => Promise<boolean>): Promise<void> {
    for (let n = 0, more = true; more && n < ROUNDS && !this.#stopped; n++) {
      more = await this.#app.database.transaction(async (tx) => {
        await beBrief(tx)
        const [lock] = await tx.query<{ ours: boolean }>('select pg_try_advisory_xact_lock($1, $2) as ours', [
          ...FOLD_LOCK,
        ])
        return lock?.ours === true && (await work(tx))
      })
    }
  }
}

/** Folds the ends of tasks into counters every two seconds or so, until it is stopped. */
export function startBookkeeping(app: DjetApp): Stop {
  const books = new Bookkeeping(app)
  books.start()
  return () => books.stop()
}
