/**
 * When something may be done again whose cost nobody can foresee: so that it takes one part in so many of the time. By
 * the milliseconds of `performance.now`.
 *
 * @example
 * const looks = new Ration(20, 1500) // a twentieth of the time, and put off for a second and a half at most
 * if (looks.due(performance.now())) {
 *   const began = performance.now()
 *   await look()
 *   looks.took(performance.now(), performance.now() - began)
 * }
 */
export class Ration {
  readonly #share: number
  readonly #longest: number
  #from = 0

  /** @param longest milliseconds that it is put off at most, whatever it takes */
  constructor(share: number, longest = Number.POSITIVE_INFINITY) {
    this.#share = share
    this.#longest = longest
  }

  due(now: number): boolean {
    return now >= this.#from
  }

  /** Milliseconds until it is due. */
  until(now: number): number {
    return Math.max(0, this.#from - now)
  }

  /** It was done, and took so many milliseconds. */
  took(now: number, ms: number): void {
    this.#from = now + Math.min(ms * this.#share, this.#longest)
  }

  /** It is due now. */
  reset(): void {
    this.#from = 0
  }
}
