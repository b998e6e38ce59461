import { DjetError } from '../../../core/index.ts'

/** Lets few pieces of work run at a time, in the order in which they came, so that pages stay quick beside them. */
export class Lane {
  readonly #atOnce: number
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** @param most pieces of work that may wait */
  constructor(atOnce: number, most: number) {
    this.#atOnce = atOnce
    this.#most = most
  }

  /** @throws {DjetError} IMAGE_BUSY, 503, when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.length >= this.#most) {
        const message = 'very many images are being made just now. Try again in a moment.'
        throw new DjetError('IMAGE_BUSY', message, { status: 503, expose: true })
      }
      await new Promise<void>((go) => this.#waiting.push(go))
    } else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}
