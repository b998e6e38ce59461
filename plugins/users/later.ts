import type { Djet } from '../../core/index.ts'

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

  async end(): Promise<void> {
    await Promise.allSettled(this.#running)
  }
}
