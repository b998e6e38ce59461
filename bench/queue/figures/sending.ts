import { round } from '../../shared/statistics.ts'
import { contestants } from '../peers/contestants.ts'
import type { Pace } from '../tasks.ts'
import { middle } from './drains.ts'
import { atLeast, type Conditions, type Figure } from './figure.ts'
import { rounds } from './rounds.ts'

const { djet, graphileWorker17, graphileWorker18, pgBoss10, pgBoss12 } = contestants

/** Tasks a second sent in bulk, and one by one with ten in flight. No workers run meanwhile. */
export async function sending(conditions: Conditions): Promise<Figure> {
  const many = conditions.quick ? 10_000 : 50_000
  const single = conditions.quick ? 500 : 2000
  const entries = Object.entries({ djet, graphileWorker17, graphileWorker18, pgBoss10, pgBoss12 }).map(
    ([key, contestant]) => ({ key, contestant }),
  )
  const results = await rounds(conditions, 'sending', entries, async (child, _entry, warmUp) => ({
    many: await child.call<Pace>('sendMany', { tasks: warmUp ? 5000 : many }),
    single: await child.call<Pace>('sendOne', { tasks: warmUp ? 200 : single }),
  }))
  const rows = entries.map(({ key, contestant }) => {
    const found = results.get(key) ?? []
    return {
      key,
      name: contestant.name,
      many: middle(found.map((one) => one.many)).perSecond,
      single: middle(found.map((one) => one.single)).perSecond,
    }
  })
  const [ours, ...peers] = rows
  const best = (of: 'many' | 'single'): number => Math.max(...peers.map((peer) => peer[of]))
  return {
    title: 'sending',
    table: {
      columns: ['sending, tasks/s', `${many} in bulk`, 'one by one, 10 in flight'],
      rows: rows.map((row) => [row.name, round(row.many), round(row.single)]),
    },
    goals: [
      atLeast('in bulk, Djet / best peer', round(ours!.many / best('many')), 1),
      atLeast('one by one, Djet / best peer', round(ours!.single / best('single')), 1),
    ],
    figures: Object.fromEntries(
      rows.map((row) => [row.key, { many: round(row.many), single: round(row.single) }]),
    ),
  }
}
