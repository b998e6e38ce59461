import { type Claim, claim, nextDue } from '../queue/claim.ts'
import { claimOne, type OneClaim, type WantedOne } from '../queue/end.ts'
import { FROM_START, Fronts, type Reach } from '../queue/fronts.ts'
import type { Runner } from '../queue/runner.ts'
import { Ration } from '../ration.ts'

/** Milliseconds to wait when another worker has just locked what is ready. */
const CONTENDED = 3
/** Milliseconds that the end of a task with the claim of the next one may take on a busy machine; what is above is rationed. */
const USUAL = 100
const SHARE = 20

/** Whose tasks are looked for. */
export interface Wanted extends Omit<WantedOne, 'alone'> {
  readonly workerId: number
}

/** How a worker looks for tasks: from where, by which statement, and when again. */
export class Look {
  readonly #runner: Runner
  readonly #fronts = new Fronts()
  /** Tasks in a parcel, by the last claim. */
  #perParcel = 64
  /** The last look found nothing. */
  #idle = false
  #reach: Reach = 'whole'
  #since = FROM_START
  readonly #singly = new Ration(SHARE)
  /** The last claim saw one class and priority at most. */
  #alone = true

  constructor(runner: Runner) {
    this.#runner = runner
  }

  /** The next look is from the beginning: something was put up again. */
  reset(): void {
    this.#fronts.reset()
  }

  /**
   * Whether the next task may be claimed with the end of another one. Such a claim looks from the beginning, which may be
   * far beside an old snapshot: see `Fronts`.
   */
  get singly(): boolean {
    return this.#singly.due(performance.now())
  }

  /** For such a claim. */
  get alone(): boolean {
    return this.#alone
  }

  /** It has taken so many milliseconds. */
  tookSingly({ alone }: OneClaim, ms: number): void {
    this.#alone = alone
    if (ms > USUAL) this.#singly.took(performance.now(), ms - USUAL)
  }

  /** Claims some of so many tasks. */
  async claim({ workerId, classes, limited }: Wanted, most: number): Promise<Claim> {
    const began = performance.now()
    this.#reach = this.#fronts.reach(began)
    this.#since = this.#fronts.since(this.#reach)
    const one = this.#reach === 'whole' && this.#idle
    const parcels = Math.max(1, Math.ceil(most / this.#perParcel))
    const got: Claim & Partial<Pick<OneClaim, 'alone'>> = one
      ? await claimOne(this.#runner, workerId, { classes, limited, alone: this.#alone })
      : await claim(this.#runner, classes, most, workerId, parcels, limited, this.#since)
    this.#alone = got.alone ?? got.fronts.length < 2
    // What one has thrown away nobody need step over again.
    if (!(one && got.more)) this.#fronts.looked(this.#reach, performance.now(), performance.now() - began)
    this.#fronts.found(got.fronts)
    this.#idle = got.tasks.length === 0
    if (!this.#idle && !one) this.#perParcel = got.tasks.length / got.parcels.length
    return got
  }

  /** Milliseconds after the last look until the queue is worth another one, at most `pause`. */
  async untilNext({ classes, limited }: Wanted, pause: number): Promise<number> {
    const most =
      this.#reach === 'whole' ? pause : Math.min(pause, this.#fronts.untilBack(performance.now()) + 1)
    const found = !this.#idle
    const due = await nextDue(this.#runner, classes, limited, this.#since)
    if (due === null) return most
    // Ready and not to be had: another worker has locked it, and may leave some of it.
    if (due <= 0) return found ? 0 : CONTENDED
    return Math.min(most, due + 1)
  }
}
