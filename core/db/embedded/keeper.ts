import type { Logger } from 'pino'
import { DjetError, messageOf } from '../../error.ts'
import { isAlive } from './process.ts'
import type { Running } from './server.ts'

/** Milliseconds between two looks whether the server lives. */
const LOOK = 500
/** Milliseconds after which a server that was started again counts as well. */
const WELL = 60_000
/** Milliseconds between two tries, doubled each time, at least and at most. */
const PAUSE = [1000, 8000] as const
/** Tries that fail in a row before it is given up. */
const TRIES = 5

export interface KeeperOptions {
  /**
   * Brings the server up again where it was, unless that was done by another process.
   * @throws when that is not possible now
   */
  readonly revive: (old: Running) => Promise<Running>
  /** Hears when the server is gone for good. */
  readonly onLost: (error: DjetError) => void
  readonly log: Logger
}

/**
 * Keeps a server running that ends by itself (killed, out of memory): started again with back-off, given up after
 * five tries.
 */
export class Keeper {
  readonly #options: KeeperOptions
  #running: Running
  /** Deaths and failed tries in a row. */
  #mishaps = 0
  #upSince = performance.now()
  #timer: NodeJS.Timeout | undefined
  #over = false

  constructor(running: Running, options: KeeperOptions) {
    this.#running = running
    this.#options = options
    this.#look()
  }

  /** The server as it runs now. */
  get running(): Running {
    return this.#running
  }
  /** Whether the server may end now. */
  get over(): boolean {
    return this.#over
  }

  /** Looks no more: the server is to be stopped. */
  end(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }

  #look(): void {
    this.#after(LOOK, () => {
      if (isAlive(this.#running.pid)) return this.#look()
      const { log } = this.#options
      log.error(`PostgreSQL (process ${this.#running.pid}) has ended unexpectedly, starting it again`)
      if (performance.now() - this.#upSince > WELL) this.#mishaps = 0
      this.#revive(0)
    })
  }

  #revive(failed: number): void {
    const { log, revive, onLost } = this.#options
    const [least, most] = PAUSE
    const pause = this.#mishaps === 0 ? 0 : Math.min(least * 2 ** (this.#mishaps - 1), most)
    this.#mishaps++
    this.#after(pause, async () => {
      try {
        this.#running = await revive(this.#running)
        this.#upSince = performance.now()
        log.info(`PostgreSQL runs again (process ${this.#running.pid})`)
        this.#look()
      } catch (error) {
        if (this.#over) return
        log.error(messageOf(error))
        if (failed + 1 < TRIES) return this.#revive(failed + 1)
        onLost(
          new DjetError(
            'EMBEDDED_LOST',
            `PostgreSQL has ended and could not be started again in ${TRIES} tries: ${messageOf(error)}`,
            { cause: error },
          ),
        )
      }
    })
  }

  #after(milliseconds: number, work: () => unknown): void {
    if (!this.#over) this.#timer = setTimeout(work, milliseconds).unref()
  }
}
