import type { Calendar } from './calendar.ts'
import type { Missed } from './schedule.ts'

/** Milliseconds after which a due time that made no task was missed: a restart takes less. */
export const LATE = 60_000

/** Tasks made for due times that were missed, at most. */
export const MOST = 1000

/** What a look at a schedule makes of it. */
export interface Due {
  /** Each is to have a task, oldest first. */
  readonly times: readonly Date[]
  /** There were due times before these that get none. */
  readonly left: boolean
}

/**
 * Which due times get a task now. What is due since less than a minute does in any case, whatever was missed is
 * treated as the schedule says.
 *
 * @param first the first due time that has had none
 */
export function dueTimes(calendar: Calendar, first: Date, now: Date, missed: Missed): Due {
  const fresh = now.getTime() - LATE
  if (first.getTime() >= fresh) return { times: upTo(calendar, first, now), left: false }
  if (missed === 'once') {
    const last = calendar.last(now)
    return { times: [last !== undefined && last > first ? last : first], left: true }
  }
  if (missed === 'all') return newest(calendar, first, now)
  const next = calendar.next(new Date(fresh - 1))
  return { times: next === undefined ? [] : upTo(calendar, next, now), left: true }
}

function upTo(calendar: Calendar, first: Date, now: Date): Date[] {
  const times: Date[] = []
  for (let time: Date | undefined = first; time && time <= now; time = calendar.next(time)) times.push(time)
  return times
}

function newest(calendar: Calendar, first: Date, now: Date): Due {
  const times: Date[] = []
  for (let time = calendar.last(now); time && time > first; time = calendar.last(new Date(+time - 1))) {
    if (times.length === MOST) return { times: times.reverse(), left: true }
    times.push(time)
  }
  if (times.length === MOST) return { times: times.reverse(), left: true }
  return { times: [first, ...times.reverse()], left: false }
}
