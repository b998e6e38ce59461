import { randomUUID } from 'node:crypto'
import type { DjetApp } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'
import { CHANNEL } from './runner.ts'

/**
 * Says that there are tasks: to the workers of this process at once, to those of others by NOTIFY. Calls that come
 * while a notification is under way share the next one, so that many senders cost few of them.
 */
class Waker {
  /** Payload of its notifications: workers of this process know of them already. */
  readonly id = randomUUID()
  readonly #app: DjetApp
  readonly #local = new Set<() => void>()
  #notifying = false
  #again = false

  constructor(app: DjetApp) {
    this.#app = app
  }

  wake(): void {
    for (const listener of this.#local) listener()
    this.#again = true
    if (!this.#notifying) void this.#notify()
  }

  onWake(listener: () => void): () => void {
    this.#local.add(listener)
    return () => this.#local.delete(listener)
  }

  async #notify(): Promise<void> {
    this.#notifying = true
    try {
      while (this.#again) {
        this.#again = false
        await this.#app.database.query(NOTIFY, [this.id])
      }
    } catch (error) {
      // Workers look by themselves every second or two.
      this.#app.log.debug(`workers could not be notified: ${messageOf(error)}`)
    } finally {
      this.#notifying = false
    }
  }
}

const NOTIFY = { name: 'jobmachine.wake', text: `select pg_notify('${CHANNEL.wake}', $1)` }

const wakers = new WeakMap<DjetApp, Waker>()

function wakerOf(app: DjetApp): Waker {
  let waker = wakers.get(app)
  if (!waker) {
    waker = new Waker(app)
    wakers.set(app, waker)
  }
  return waker
}

/** Tells all workers that there are tasks. Call it after their commit. */
export function wakeWorkers(app: DjetApp): void {
  wakerOf(app).wake()
}

/** Calls the listener whenever this process has sent tasks. @returns ends it */
export function onLocalWake(app: DjetApp, listener: () => void): () => void {
  return wakerOf(app).onWake(listener)
}

/** Whether a notification was sent by this process, whose workers have been told already. */
export function isOwnWake(app: DjetApp, payload: string): boolean {
  return payload === wakerOf(app).id
}
