import { join } from 'node:path'
import { Visitor } from '../../test/visitor.ts'
import type { BenchOptions } from '../main.ts'
import { startChild } from '../shared/child.ts'
import { makeDatabase } from '../shared/database.ts'
import type { Report } from '../shared/report.ts'
import { median, percentile, round } from '../shared/statistics.ts'
import { type List, listsOf } from './lists.ts'
import { ADMINISTRATOR, amountsOf, plantTree } from './plant.ts'

/** Milliseconds within which every list is to answer. */
const GOAL = 150
/** Milliseconds within which a branch of 50,000 is to be moved. */
const BRANCH_GOAL = 2000
/** Pages of each list that are asked for, one after the other. */
const PAGES = 5

interface Answered {
  readonly list: List
  /** Milliseconds of the first request since the start of the server. */
  readonly first: number
  readonly later: readonly number[]
}

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
    const answered: Answered[] = []
    for (const list of listsOf(tree, amounts.orders)) {
      progress(list.title)
      answered.push(await askFor(visitor, list, quick ? 3 : 10))
    }
    progress(`a branch of ${amounts.branch} nodes`)
    const branch = await server.call<Record<string, number>>('changeBranch', tree.ids.branch)
    return reportOf(tree.nodes, answered, branch, amounts.branch)
  } finally {
    await server.stop()
    await database.remove()
  }
}

/** Asks for the list, then for the pages that follow, and for each of these again. */
async function askFor(visitor: Visitor, list: List, times: number): Promise<Answered> {
  const accept = list.json ? 'application/json' : 'text/html'
  const ask = async (path: string): Promise<{ took: number; next: string | null }> => {
    const begun = performance.now()
    const answer = await visitor.get(path, { accept })
    const took = performance.now() - begun
    if (answer.status !== 200)
      throw new Error(`${path} answered ${answer.status}: ${answer.text.slice(0, 500)}`)
    return { took, next: nextOf(path, answer.text, list.json === true) }
  }
  const { took: first, next } = await ask(list.path)
  const paths = [list.path]
  const later: number[] = []
  for (let path = next; path !== null && paths.length < PAGES; ) {
    paths.push(path)
    const answer = await ask(path)
    later.push(answer.took)
    path = answer.next
  }
  for (let n = 0; n < times; n++) for (const path of paths) later.push((await ask(path)).took)
  return { list, first, later }
}

/** The address of the page that follows. */
function nextOf(path: string, text: string, json: boolean): string | null {
  const next = json
    ? (JSON.parse(text) as { next?: string | null }).next
    : /rel="next" href="([^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&')
  if (!next) return null
  const url = new URL(next, new URL(path, 'http://localhost'))
  return url.pathname + url.search
}

function reportOf(
  nodes: number,
  answered: readonly Answered[],
  branch: Readonly<Record<string, number>>,
  branchNodes: number,
): Report {
  const rows = answered.map(({ list, first, later }) => ({
    title: list.title,
    first: round(first),
    p50: round(median(later)),
    p95: round(percentile(later, 0.95)),
  }))
  const slow = rows.filter(({ p95 }) => p95 > GOAL).map(({ title }) => title)
  const verdict = slow.length === 0 ? 'met' : `missed by ${slow.join(', ')}`
  return {
    tables: [
      {
        columns: [`lists at ${nodes} nodes`, 'first ms', 'p50 ms', 'p95 ms'],
        rows: rows.map(({ title, first, p50, p95 }) => [title, first, p50, p95]),
      },
      {
        columns: [`a branch of ${branchNodes} nodes`, 'ms'],
        rows: Object.entries(branch).map(([what, took]) => [what, round(took)]),
      },
    ],
    notes: [
      `goal: p95 of every list at most ${GOAL} ms: ${verdict}`,
      `goal: a branch moves within ${BRANCH_GOAL} ms: ${(branch.move ?? 0) <= BRANCH_GOAL ? 'met' : 'missed'}`,
      `Node ${process.versions.node}; 'first' is the first request for it since the server started; move: median of three.`,
    ],
    figures: { bench: 'tree', nodes, node: process.versions.node, lists: rows, branchNodes, branch },
  }
}
