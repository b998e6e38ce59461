import { Ration } from '../ration.ts'

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

/** Part of the time that looks from further back may take, beyond what a claim takes anyhow (milliseconds): one in so many. */
const SHARE = 50
const USUAL = 2
/** Milliseconds between two looks from a little before the places at most, and between two from the beginning. */
const LONGEST_NEAR = 1500
const LONGEST_WHOLE = 60_000
/** Milliseconds that "a little before" goes back: longer than most transactions take to commit. */
const NEAR = 10_000
/** Classes and priorities to remember though nothing is there now. */
const MANY = 100

/** How far back a look goes: to the places where the last one found something, a little further, or to the beginning. */
export type Reach = 'front' | 'near' | 'whole'

/**
 * Where the parcels of each class and priority began when they were last looked at. While a transaction somewhere
 * keeps an old snapshot, the index holds an entry for each parcel that was ever taken since, and whoever looks from the
 * beginning steps over all of them. What comes in before these places is found by looks from further back, which may take
 * a fiftieth of the time: a task committed late or put up again soon by one from ten seconds before them, what has an
 * older time by one from the beginning.
 */
export class Fronts {
  readonly #known = new Map<string, Front>()
  readonly #near = new Ration(SHARE, LONGEST_NEAR)
  readonly #whole = new Ration(SHARE, LONGEST_WHOLE)
  #since: Since = FROM_START

  /** How far back to look, at that time in milliseconds. */
  reach(now: number): Reach {
    if (this.#whole.due(now)) return 'whole'
    return this.#near.due(now) ? 'near' : 'front'
  }

  /** Milliseconds until it may look from further back again. */
  untilBack(now: number): number {
    return Math.min(this.#near.until(now), this.#whole.until(now))
  }

  /** Where to begin. */
  since(reach: Reach): Since {
    if (reach === 'whole') return FROM_START
    return reach === 'front' ? this.#since : sinceOf([...this.#known.values()].map(littleBefore))
  }

  /** A look has taken so many milliseconds. */
  looked(reach: Reach, now: number, took: number): void {
    const more = Math.max(0, took - USUAL)
    if (reach === 'whole') this.#whole.took(now, more)
    if (reach !== 'front') this.#near.took(now, more)
  }

  /** The next look is from the beginning: something was put up again. */
  reset(): void {
    this.#whole.reset()
  }

  /** What a look has found. Where it found nothing, there was nothing before either. */
  found(fronts: readonly Front[]): void {
    if (this.#known.size > MANY) this.#known.clear()
    for (const front of fronts) this.#known.set(`${front[0]} ${front[1]}`, front)
    this.#since = sinceOf([...this.#known.values()])
  }
}

/** From here on ISO years have more than four digits. */
const LATEST = Date.UTC(9999, 0)

function littleBefore([classId, priority, runAfter]: Front): Front {
  // Times that JavaScript cannot tell are those of very few tasks.
  const at = Date.parse(runAfter)
  const from = at >= 0 && at < LATEST ? new Date(at - NEAR).toISOString() : '-infinity'
  return [classId, priority, from, 0]
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
