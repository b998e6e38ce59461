/** Class, priority, `run_after` as text, and id of a parcel. */
export type Front = readonly [classId: number, priority: number, runAfter: string, readyId: number]

/**
 * Where the parcels of each class and priority are looked for, as six columns: those four, then the class and priority
 * before which others are looked for.
 */
export type Since = readonly [
  readonly number[],
  readonly number[],
  readonly string[],
  readonly number[],
  readonly number[],
  readonly number[],
]

/** Before and after all classes and priorities. */
const FIRST: Front = [-2147483648, -32768, '-infinity', 0]
const LAST: Front = [2147483647, 32767, 'infinity', 0]

/** All of them from the beginning. */
export const FROM_START: Since = sinceOf([])

/** Part of the time that looks from the beginning may take: one in so many. */
const SHARE = 20
/** Milliseconds between two of them at most, so that what comes in before the rest does not wait longer. */
const LONGEST = 1500
/** Classes and priorities to remember though nothing is there now. */
const MANY = 100

/**
 * Where the parcels of each class and priority began when they were last looked at. While a transaction somewhere
 * keeps an old snapshot, the index holds an entry for each parcel that was ever taken since, and whoever looks from the
 * beginning steps over all of them. What comes in before these places (a task committed late, one put up again with the
 * time it had) is found by looks from the beginning, which are made as often as they take a twentieth of the time.
 */
export class Fronts {
  readonly #known = new Map<string, Front>()
  #since: Since = FROM_START
  #wholeFrom = 0

  /** Whether to look from the beginning, at that time in milliseconds. */
  whole(now: number): boolean {
    return now >= this.#wholeFrom
  }

  /** Milliseconds until it may look from the beginning again. */
  untilWhole(now: number): number {
    return Math.max(0, this.#wholeFrom - now)
  }

  /** Where to begin otherwise. */
  get since(): Since {
    return this.#since
  }

  /** A look from the beginning has taken so many milliseconds. */
  looked(now: number, took: number): void {
    this.#wholeFrom = now + Math.min(took * SHARE, LONGEST)
  }

  /** The next look is from the beginning: something was put up again. */
  reset(): void {
    this.#wholeFrom = 0
  }

  /** What a look has found, from the beginning or not. Where it found nothing, there was nothing before either. */
  found(fronts: readonly Front[]): void {
    if (this.#known.size > MANY) this.#known.clear()
    for (const front of fronts) this.#known.set(`${front[0]} ${front[1]}`, front)
    this.#since = sinceOf([...this.#known.values()])
  }
}

function sinceOf(fronts: readonly Front[]): Since {
  const rows = [FIRST, ...[...fronts].sort((a, b) => a[0] - b[0] || a[1] - b[1])]
  const next = [...rows.slice(1), LAST]
  return [
    rows.map(([classId]) => classId),
    rows.map(([, priority]) => priority),
    rows.map(([, , runAfter]) => runAfter),
    rows.map(([, , , readyId]) => readyId),
    next.map(([classId]) => classId),
    next.map(([, priority]) => priority),
  ]
}
