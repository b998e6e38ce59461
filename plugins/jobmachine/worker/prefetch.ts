/** Milliseconds of work a thread may hold that it has not started. */
const AHEAD = 30
/** Tasks of one claim at most. */
const MOST = 1000

/**
 * How many tasks a thread claims at once: only what it can start now while tasks are slow, or it is not known how
 * long they take, up to a thousand while they take microseconds.
 */
export class Prefetch {
  readonly #concurrency: number
  /** Milliseconds a task takes, the last ones counting most. */
  #average: number

  constructor(concurrency: number) {
    this.#concurrency = concurrency
    this.#average = this.#slow
  }

  /**
   * So long that nothing is claimed ahead until several tasks in a row were quick: when the process is killed, what
   * it holds counts as an attempt whether it began or not.
   */
  get #slow(): number {
    return AHEAD * this.#concurrency * 2
  }

  /** A task has taken this many milliseconds. */
  took(ms: number): void {
    this.#average = this.#average * 0.9 + ms * 0.1
  }

  /** Forgets that tasks are quick: those held now have waited too long. */
  slow(): void {
    this.#average = Math.max(this.#average, this.#slow)
  }

  /** Tasks to claim, 0 while there is enough in hand. */
  wanted(running: number, held: number): number {
    const free = this.#concurrency - running
    const ahead = Math.floor((this.#concurrency * AHEAD) / Math.max(this.#average, 0.01))
    const want = Math.min(MOST, free + ahead) - held
    return held < free || want > ahead / 2 ? Math.max(0, want) : 0
  }
}
