import { type Child, startChild } from '../../shared/child.ts'
import { median, percentile, round } from '../../shared/statistics.ts'
import type { Claims } from '../peers/claims.ts'
import type { Drain } from '../peers/serve.ts'
import type { Pace } from '../tasks.ts'
import { atLeast, atMost, type Conditions, type Figure, type Goal } from './figure.ts'
import { FILLS, fill } from './fill.ts'

interface Measured {
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
}

/** Claims and throughput beside a great many other tasks, against the same on an empty table, in turn. */
export async function bigTables(conditions: Conditions): Promise<Figure> {
  const { database, scale, progress } = conditions
  const empty = await database.another()
  const full = await database.another()
  const rows: (string | number)[][] = []
  const goals: Goal[] = []
  const figures: Record<string, unknown> = {}
  let there = 'empty'
  for (const one of FILLS) {
    const count = Math.round(one.rows * scale)
    if (there === 'empty') await Promise.all([empty, full].map(migrate))
    progress(`big tables: filling in ${count.toLocaleString('en')} ${one.title}`)
    await fill(full, one, count)
    there = one.title
    const [before, after] = await compare(conditions, [empty, full], there)
    const p99 = round(median(after!.map((now, n) => now.p99 / before![n]!.p99)))
    const pace = round(median(after!.map((now, n) => now.perSecond / before![n]!.perSecond)))
    for (const [name, found] of [
      ['empty', before!],
      [`+ ${count.toLocaleString('en')} ${one.title}`, after!],
    ] as const) {
      const of = (key: keyof Measured): number => round(median(found.map((measured) => measured[key])))
      rows.push([name, of('p50'), of('p99'), of('perSecond')])
    }
    goals.push(atMost(`claim p99, ${one.title} / empty`, p99, 2))
    goals.push(atLeast(`throughput, ${one.title} / empty`, pace, 0.9))
    figures[one.title] = { rows: count, claimP99Ratio: p99, throughputRatio: pace }
  }
  return {
    title: 'big tables',
    table: { columns: ['beside', 'claim p50 ms', 'claim p99 ms', 'tasks/s'], rows },
    goals,
    figures,
  }
}

/** Rounds of each database in turn; claims first, since workers would take what is claimed. */
async function compare(conditions: Conditions, urls: readonly string[], what: string): Promise<Measured[][]> {
  const { quick, progress } = conditions
  const repeats = quick ? 2 : 5
  const claims: Claims = { claims: quick ? 200 : 500, limit: 8 }
  const drain: Drain = { setting: 'fastest', tasks: quick ? 4000 : 60_000 }
  const children = await Promise.all(urls.map(start))
  try {
    progress(`big tables, ${what}: claims`)
    const times = await inTurn(children, repeats, (child) => child.call<number[]>('claims', claims))
    progress(`big tables, ${what}: throughput`)
    const paces = await inTurn(children, repeats, (child) => child.call<Pace>('drain', drain))
    return times.map((rounds, n) =>
      rounds.map((found, at) => ({
        p50: percentile(found, 0.5),
        p99: percentile(found, 0.99),
        perSecond: paces[n]![at]!.perSecond,
      })),
    )
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

/** The first round is for warming up. */
async function inTurn<T>(children: readonly Child[], repeats: number, measure: (child: Child) => Promise<T>) {
  const results: T[][] = children.map(() => [])
  for (let at = 0; at <= repeats; at++) {
    for (const [n, child] of children.entries()) {
      const found = await measure(child)
      if (at > 0) results[n]!.push(found)
    }
  }
  return results
}

async function start(databaseUrl: string): Promise<Child> {
  const child = startChild(new URL('../peers/djet.ts', import.meta.url), { BENCH_KEEP: 'true' })
  await child.call('prepare', databaseUrl)
  return child
}

async function migrate(databaseUrl: string): Promise<void> {
  await (await start(databaseUrl)).stop()
}
