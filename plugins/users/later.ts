import type { Djet } from '../../core/index.ts'

/** Milliseconds that work gets when the site stops. */
const GRACE = 4000

/**
 * Work that a request begins and does not wait for, so that its answer takes as long whatever there is to do. The
 * stop of the site waits for it.
 */
export class Later {
  readonly #running = new Set<Promise<void>>()

  begin(log: Djet['log'], what: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => log.error({ err: error }, `${what} failed`))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Waits for what is running, a few seconds at most. */
  async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, GRACE)
    })
    await Promise.race([Promise.allSettled(this.#running), late])
    clearTimeout(timer)
  }
}
