import pg from 'pg'
import { median, round } from '../../shared/statistics.ts'
import { contestants } from '../peers/contestants.ts'
import type { Stream, Streamed } from '../peers/serve.ts'
import { atLeast, atMost, type Conditions, type Figure } from './figure.ts'
import { rounds } from './rounds.ts'

const { djet, graphileWorker18 } = contestants

/** Tasks that are sent and not yet run at any time, however well it goes. */
const USUAL = 2000

/**
 * Tasks are sent and run without a pause while a transaction elsewhere keeps its snapshot, so that no dead row can be
 * removed: what it does in the last third of the time, against that without such a transaction.
 */
export async function openTransaction(conditions: Conditions): Promise<Figure> {
  const seconds = conditions.scale === 1 ? 1800 : conditions.quick ? 6 : 15
  const entries = Object.entries({ djet, graphileWorker18 }).flatMap(([key, contestant]) =>
    [false, true].map((open) => ({ key: `${key}${open ? 'Open' : ''}`, contestant, open })),
  )
  const results = await rounds(
    conditions,
    'open transaction',
    entries,
    async (child, { open }, warmUp, databaseUrl) => {
      const close = open ? await openSnapshot(databaseUrl) : undefined
      try {
        const stream: Stream = { setting: 'fastest', seconds: warmUp ? 1.5 : seconds }
        return await child.call<Streamed>('stream', stream)
      } finally {
        await close?.()
      }
    },
    conditions.scale === 1 ? 1 : 2,
  )
  const last = (key: string): number[] => results.get(key)!.map(({ thirds }) => thirds[2]!)
  const ratio = (key: string): number =>
    round(median(last(`${key}Open`).map((pace, n) => pace / last(key)[n]!)))
  const growth = results
    .get('djetOpen')!
    .map(({ backlogs }) => Math.max(backlogs[2]!, USUAL) / Math.max(backlogs[0]!, USUAL))
  const middle = (key: string, part: keyof Streamed, third: number): number =>
    round(median(results.get(key)!.map((one) => one[part][third]!)))
  return {
    title: 'a transaction left open',
    table: {
      columns: [`${seconds} s, tasks/s`, 'first third', 'last third', 'open / not', 'backlog at the end'],
      rows: entries.map(({ key, contestant, open }) => [
        `${contestant.name}${open ? ', a snapshot kept elsewhere' : ''}`,
        middle(key, 'thirds', 0),
        middle(key, 'thirds', 2),
        open ? ratio(key.replace('Open', '')) : '',
        middle(key, 'backlogs', 2),
      ]),
    },
    goals: [
      atLeast('Djet, throughput of the last third, open / not', ratio('djet'), 0.9),
      atMost('Djet, backlog of the last third / of the first', round(median(growth)), 1.5),
    ],
    figures: {
      seconds,
      ratio: ratio('djet'),
      graphileWorker18Ratio: ratio('graphileWorker18'),
      ...Object.fromEntries(
        entries.map(({ key }) => [
          key,
          { firstThird: middle(key, 'thirds', 0), lastThird: middle(key, 'thirds', 2) },
        ]),
      ),
    },
  }
}

/** Opens a transaction that sees the database as it is now until it is closed. */
async function openSnapshot(connectionString: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  // Given an xid of its own, it would hold back vacuum even without its snapshot.
  await client.query('begin isolation level repeatable read; select pg_current_xact_id()')
  return () => client.end()
}
