import { DjetError } from '../../../core/index.ts'

/** Lets few pieces of work run at a time, in the order in which they came, so that pages stay quick beside them. */
export class Lane {
  readonly #atOnce: number
  readonly #most: number
  readonly #waiting: { go: () => void; stop: (error: Error) => void }[] = []
  #running = 0

  /** @param most pieces of work that may wait */
  constructor(atOnce: number, most: number) {
    this.#atOnce = atOnce
    this.#most = most
  }

  /** @throws {DjetError} IMAGE_BUSY, 503, when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.length >= this.#most) throw busy()
      await new Promise<void>((go, stop) => this.#waiting.push({ go, stop }))
    } else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next.go()
      else this.#running--
    }
  }

  /** Sends away all who wait: the site stops. */
  clear(): void {
    for (const { stop } of this.#waiting.splice(0)) stop(busy())
  }
}

function busy(): DjetError {
  const message = 'very many images are being made just now. Try again in a moment.'
  return new DjetError('IMAGE_BUSY', message, { status: 503, expose: true })
}
