import { median, percentile, round } from '../../shared/statistics.ts'
import { contestants } from '../peers/contestants.ts'
import type { Drain } from '../peers/serve.ts'
import type { Latencies } from '../tasks.ts'
import { atLeast, atMost, type Conditions, type Figure } from './figure.ts'
import { rounds } from './rounds.ts'

const { djet, graphileWorker17, graphileWorker18, pgBoss12Notified } = contestants

/** How long a task waits from being sent to being started when there is nothing else to do. */
export async function idleLatency(conditions: Conditions): Promise<Figure> {
  const tasks = conditions.quick ? 100 : 500
  const entries = Object.entries({
    djet,
    graphileWorker17,
    graphileWorker18,
    pgBoss12: pgBoss12Notified,
  }).map(([key, contestant]) => ({ key, contestant }))
  const results = await rounds(conditions, 'idle latency', entries, (child, _entry, warmUp) =>
    child.call<Latencies>('latency', { setting: 'idle', tasks: warmUp ? 50 : tasks } satisfies Drain),
  )
  const rows = entries.map(({ key, contestant }) => {
    const found = results.get(key) ?? []
    const of = (part: keyof Latencies, share: number) =>
      median(found.map((one) => percentile(one[part], share)))
    return {
      key,
      name: contestant.name,
      p50: of('sendToStart', 0.5),
      p99: of('sendToStart', 0.99),
      send: of('send', 0.5),
    }
  })
  const byKey = new Map(rows.map((row) => [row.key, row]))
  const ours = byKey.get('djet')!
  const theirs = Math.min(byKey.get('graphileWorker17')!.p50, byKey.get('graphileWorker18')!.p50)
  return {
    title: 'idle latency',
    table: {
      columns: [`idle, ${tasks} tasks 10 ms apart`, 'send to start p50 ms', 'p99 ms', 'send itself p50 ms'],
      rows: rows.map((row) => [row.name, round(row.p50), round(row.p99), round(row.send)]),
    },
    goals: [
      atLeast('p50, graphile-worker / Djet', round(theirs / ours.p50), 1),
      atMost('p99 of Djet, ms', round(ours.p99), 10),
    ],
    figures: Object.fromEntries(
      rows.map(({ key, p50, p99, send }) => [key, { p50: round(p50), p99: round(p99), send: round(send) }]),
    ),
  }
}
