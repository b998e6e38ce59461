import { join } from 'node:path'
import { makeDatabase } from '../shared/database.ts'
import type { Report, Table } from '../shared/report.ts'
import { bigTables } from './figures/big-tables.ts'
import { backlog, unbatched } from './figures/drains.ts'
import type { Conditions, Figure } from './figures/figure.ts'
import { fileResults } from './figures/file-results.ts'
import { idleLatency } from './figures/latency.ts'
import { openTransaction } from './figures/open-transaction.ts'
import { pageLatency } from './figures/page-latency.ts'
import { sending } from './figures/sending.ts'
import { installPeers } from './peers/install.ts'

const FIGURES: Readonly<Record<string, (conditions: Conditions) => Promise<Figure>>> = {
  1: backlog,
  2: unbatched,
  3: sending,
  4: idleLatency,
  5: bigTables,
  6: openTransaction,
  7: pageLatency,
  8: fileResults,
}

export interface CompareOptions {
  readonly quick: boolean
  /** Share of the rows and of the time that the goals name. */
  readonly scale: number
  /** Numbers of figures; all when empty. */
  readonly only: readonly string[]
  progress(line: string): void
}

/** Djet's queue and its peers in one run, on one server, in turn; and what only Djet is asked. */
export async function compareQueues({ only, ...options }: CompareOptions): Promise<Report> {
  for (const number of only) {
    if (!FIGURES[number]) throw new Error(`there is no figure ${number}: ${Object.keys(FIGURES).join(', ')}`)
  }
  await installPeers(options.progress)
  const database = await makeDatabase()
  try {
    process.env.BENCH_LOG = join(database.folder, 'queue.log')
    const conditions = { ...options, database, repeats: options.quick ? 2 : 5 }
    const found: [string, Figure][] = []
    for (const [number, measure] of Object.entries(FIGURES)) {
      if (only.length > 0 && !only.includes(number)) continue
      const begun = Date.now()
      found.push([number, await measure(conditions)])
      options.progress(`figure ${number} took ${Math.round((Date.now() - begun) / 1000)} s`)
    }
    return report(found, conditions)
  } finally {
    await database.remove()
  }
}

function report(
  found: readonly (readonly [string, Figure])[],
  { quick, scale, repeats }: Conditions,
): Report {
  const goals: Table = {
    columns: ['goal', 'was', 'met'],
    rows: found.flatMap(([number, { goals }]) =>
      goals.map(({ goal, value, met }) => [`${number}. ${goal}`, value, met ? 'yes' : 'no']),
    ),
  }
  return {
    tables: [...found.map(([, figure]) => figure.table), goals],
    notes: [
      `Medians of ${repeats} rounds, Node ${process.versions.node}; read the ratios.`,
      ...found.flatMap(([, { notes = [] }]) => notes),
      ...(quick ? ['A quick run: not figures to quote.'] : []),
    ],
    figures: {
      bench: 'queue',
      peers: true,
      quick,
      scale,
      repeats,
      node: process.versions.node,
      figures: Object.fromEntries(
        found.map(([number, { title, figures, goals }]) => [number, { title, ...figures, goals }]),
      ),
      met: found.every(([, { goals }]) => goals.every(({ met }) => met)),
    },
  }
}
