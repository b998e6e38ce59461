import type { Djet, DjetApp } from '../../../core/index.ts'
import { hiddenClasses } from '../access.ts'
import { type ClassCounts, type Counts, classCounts, total } from '../counts.ts'
import { oldestWaiting } from '../queue/oldest.ts'
import { listSchedules, type ScheduleLine } from '../schedule/list.ts'
import { startingWorkers } from '../supervisor/starting.ts'
import { type Series, type Span, series } from './series.ts'
import { type WorkerLine, workers } from './workers.ts'

/** All that the overview of the jobs page shows. */
export interface Overview {
  readonly counts: Counts
  /** Some of what waits was counted seconds ago, since there is so much of it. */
  readonly about: boolean
  readonly classes: readonly ClassCounts[]
  /** Seconds that the oldest task has been due and not begun; null: none is due. */
  readonly oldest: number | null
  readonly series: Series
  readonly workers: readonly WorkerLine[]
  /** Worker threads of the process that answers which are about to run. */
  readonly starting: number
  /** Those that come next, ten at most. */
  readonly schedules: readonly ScheduleLine[]
}

/** Milliseconds an overview serves all who see the same: many may watch it at once. */
const FRESH = 900

interface Kept {
  readonly at: number
  readonly overview: Promise<Overview>
}

const kept = new WeakMap<DjetApp, Map<string, Kept>>()

/**
 * What the job machine does now, as far as the scope's user sees it. Made once a second at most for all who see the same
 * classes.
 */
export function overviewOf(djet: Djet, span: Span): Promise<Overview> {
  const ofSite = kept.get(djet.app) ?? new Map<string, Kept>()
  kept.set(djet.app, ofSite)
  const key = JSON.stringify([span, [...hiddenClasses(djet)].sort()])
  const now = Date.now()
  const known = ofSite.get(key)
  if (known && now - known.at < FRESH) return known.overview
  for (const [other, { at }] of ofSite) if (now - at > FRESH) ofSite.delete(other)
  const overview = make(djet, span)
  ofSite.set(key, { at: now, overview })
  overview.catch(() => ofSite.delete(key))
  return overview
}

async function make(djet: Djet, span: Span): Promise<Overview> {
  const [classes, oldest, bars, lines, { schedules }] = await Promise.all([
    classCounts(djet),
    oldestWaiting(djet.app.database),
    series(djet, span),
    workers(djet),
    listSchedules(djet),
  ])
  const seen = new Set(classes.map((each) => each.class))
  const ages = [...oldest].flatMap(([name, age]) => (seen.has(name) ? [age] : []))
  const { about, ...counts } = total(classes)
  const due = ({ nextDue }: ScheduleLine) => nextDue?.getTime() ?? Number.MAX_VALUE
  return {
    counts,
    about,
    classes,
    oldest: ages.length > 0 ? Math.max(...ages) : null,
    series: bars,
    workers: lines,
    starting: startingWorkers(djet.app),
    schedules: [...schedules].sort((a, b) => due(a) - due(b)).slice(0, 10),
  }
}
