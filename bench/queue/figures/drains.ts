import { median, round } from '../../shared/statistics.ts'
import { contestants } from '../peers/contestants.ts'
import type { Setting } from '../peers/queue.ts'
import type { Drain } from '../peers/serve.ts'
import type { Pace } from '../tasks.ts'
import { atLeast, type Conditions, type Figure, type Goal } from './figure.ts'
import { type Entry, rounds } from './rounds.ts'

interface DrainEntry extends Entry {
  readonly setting: Setting
  readonly what: string
  /** Tasks of the backlog. */
  readonly tasks: number
}

const { djet, djetUnbatched, graphileWorker17, graphileWorker18, least, pgBoss10, pgBoss12 } = contestants

/** No-op tasks a second out of a backlog, one process, each queue at its fastest. */
export async function backlog(conditions: Conditions): Promise<Figure> {
  const tasks = conditions.quick ? 10_000 : 50_000
  const entry = (key: string, contestant: Entry['contestant'], setting: Setting, what: string) => ({
    key,
    contestant,
    setting,
    what,
    tasks,
  })
  const paces = await measure(conditions, 'backlog', [
    entry('djet', djet, 'fastest', 'Djet, history kept'),
    entry('graphileWorker17', graphileWorker17, 'fastest', 'graphile-worker 0.17.3, rows deleted'),
    entry('graphileWorker18', graphileWorker18, 'fastest', 'graphile-worker 0.18.0, rows deleted'),
    entry('pgBoss10Whole', pgBoss10, 'whole', 'pg-boss 10.4.2, a batch all or nothing'),
    entry('pgBoss12', pgBoss12, 'fastest', 'pg-boss 12.38.0, each settled, history kept'),
    entry('pgBoss12Whole', pgBoss12, 'whole', 'pg-boss 12.38.0, a batch all or nothing'),
  ])
  return figure(`${tasks} no-ops drained`, paces, (ratio) => [
    atLeast('Djet / graphile-worker 0.18', ratio('graphileWorker18'), 1),
    atLeast('Djet / pg-boss 12 settling per job', ratio('pgBoss12'), 1.8),
  ])
}

/** One claim and one completion a task, ten at any time. */
export async function unbatched(conditions: Conditions): Promise<Figure> {
  const tasks = conditions.quick ? 1000 : 4000
  const setting = 'unbatched' as const
  const paces = await measure(conditions, 'unbatched', [
    { key: 'djet', contestant: djetUnbatched, setting, what: 'Djet', tasks },
    { key: 'graphileWorker17', contestant: graphileWorker17, setting, what: 'graphile-worker 0.17.3', tasks },
    { key: 'graphileWorker18', contestant: graphileWorker18, setting, what: 'graphile-worker 0.18.0', tasks },
    { key: 'pgBoss12', contestant: pgBoss12, setting, what: 'pg-boss 12.38.0', tasks: tasks / 4 },
    { key: 'least', contestant: least, setting, what: 'no queue: one insert, one delete', tasks },
  ])
  return figure('unbatched, ten at a time', paces, (ratio) => [
    atLeast('Djet / graphile-worker 0.17', ratio('graphileWorker17'), 2),
    atLeast('Djet / graphile-worker 0.18', ratio('graphileWorker18'), 2),
  ])
}

interface Measured {
  readonly entry: DrainEntry
  readonly pace: Pace
}

async function measure(
  conditions: Conditions,
  title: string,
  entries: readonly DrainEntry[],
): Promise<Measured[]> {
  const results = await rounds(conditions, title, entries, (child, { setting, tasks }, warmUp) =>
    child.call<Pace>('drain', {
      setting,
      tasks: warmUp ? Math.ceil(tasks / 5) : tasks,
    } satisfies Drain),
  )
  return entries.flatMap((entry) => {
    const paces = results.get(entry.key)
    return paces ? [{ entry, pace: middle(paces) }] : []
  })
}

/** The median of each part. */
export function middle(paces: readonly Pace[]): Pace {
  return {
    tasks: paces[0]?.tasks ?? 0,
    perSecond: median(paces.map((one) => one.perSecond)),
    cpuPerTask: median(paces.map((one) => one.cpuPerTask)),
  }
}

function figure(
  title: string,
  measured: readonly Measured[],
  goalsOf: (ratio: (key: string) => number) => Goal[],
): Figure {
  const of = (key: string): number =>
    measured.find(({ entry }) => entry.key === key)?.pace.perSecond ?? Number.NaN
  const ours = of('djet')
  const known = Number.isFinite(ours)
  return {
    title,
    table: {
      columns: [title, 'tasks/s', 'Djet / it', 'CPU µs/task', 'tasks'],
      rows: measured.map(({ entry, pace }) => [
        entry.what,
        round(pace.perSecond),
        known ? round(ours / pace.perSecond) : '–',
        round(pace.cpuPerTask),
        pace.tasks,
      ]),
    },
    goals: known ? goalsOf((key) => round(ours / of(key))) : [],
    notes: known ? [] : ['Djet is not measured here: jobmachine() has no option prefetch yet.'],
    figures: Object.fromEntries(
      measured.map(({ entry, pace }) => [
        entry.key,
        { perSecond: round(pace.perSecond), cpuMicroseconds: round(pace.cpuPerTask), tasks: pace.tasks },
      ]),
    ),
  }
}
