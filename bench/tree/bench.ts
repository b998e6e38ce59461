import { join } from 'node:path'
import { Visitor } from '../../test/visitor.ts'
import type { BenchOptions } from '../main.ts'
import { startChild } from '../shared/child.ts'
import { makeDatabase } from '../shared/database.ts'
import { type Answered, askForLists, tableOf, verdict } from '../shared/lists.ts'
import type { Report } from '../shared/report.ts'
import { round } from '../shared/statistics.ts'
import { listsOf } from './lists.ts'
import { ADMINISTRATOR, amountsOf, plantTree } from './plant.ts'

/** Milliseconds within which every list is to answer. */
const GOAL = 150
/** Milliseconds within which a branch of 50,000 is to be moved. */
const BRANCH_GOAL = 2000
/** How soon the lists of a site of a million nodes answer, for an administrator; how long a large branch takes. */
export async function benchTree({ quick, progress }: BenchOptions): Promise<Report> {
  const amounts = amountsOf(quick ? 0.02 : 1)
  const database = await makeDatabase()
  process.env.BENCH_LOG = join(database.folder, 'tree.log')
  const server = startChild(new URL('site-server.ts', import.meta.url))
  try {
    progress('planting the tree')
    const tree = await plantTree(database.url, amounts, (line) => progress(`planting: ${line}`))
    const visitor = new Visitor(await server.call<string>('serve', database.url))
    await visitor.login(ADMINISTRATOR.login, ADMINISTRATOR.password)
    const lists = listsOf(tree, amounts.orders)
    const answered = await askForLists(visitor, lists, quick ? 3 : 10, progress)
    progress(`a branch of ${amounts.branch} nodes`)
    const branch = await server.call<Record<string, number>>('changeBranch', tree.ids.branch)
    return reportOf(tree.nodes, answered, branch, amounts.branch)
  } finally {
    await server.stop()
    await database.remove()
  }
}

function reportOf(
  nodes: number,
  answered: readonly Answered[],
  branch: Readonly<Record<string, number>>,
  branchNodes: number,
): Report {
  return {
    tables: [
      tableOf(`lists at ${nodes} nodes`, answered),
      {
        columns: [`a branch of ${branchNodes} nodes`, 'ms'],
        rows: Object.entries(branch).map(([what, took]) => [what, round(took)]),
      },
    ],
    notes: [
      `goal: p95 of every list at most ${GOAL} ms: ${verdict(answered, 'p95', GOAL)}`,
      `goal: a branch moves within ${BRANCH_GOAL} ms: ${(branch.move ?? 0) <= BRANCH_GOAL ? 'met' : 'missed'}`,
      `Node ${process.versions.node}; 'first' is the first request for it since the server started; move: median of three.`,
    ],
    figures: { bench: 'tree', nodes, node: process.versions.node, lists: answered, branchNodes, branch },
  }
}
