import { join } from 'node:path'
import { Visitor } from '../../test/visitor.ts'
import type { BenchOptions } from '../main.ts'
import { startChild } from '../shared/child.ts'
import { makeDatabase } from '../shared/database.ts'
import { askForLists, tableOf, verdict } from '../shared/lists.ts'
import type { Report } from '../shared/report.ts'
import { viewsOf } from './lists.ts'
import { amountsOf, plantTasks, STAFF } from './plant.ts'

/** Milliseconds within which every view is to answer. */
const GOAL = 200

/** How soon the pages of the job machine answer beside ten million tasks. */
export async function benchJobs({ quick, progress }: BenchOptions): Promise<Report> {
  const amounts = amountsOf(quick ? 0.02 : 1)
  const database = await makeDatabase()
  process.env.BENCH_LOG = join(database.folder, 'jobs.log')
  const server = startChild(new URL('site-server.ts', import.meta.url))
  try {
    progress('planting the tasks')
    await plantTasks(database.url, amounts, (line) => progress(`planting: ${line}`))
    const visitor = new Visitor(await server.call<string>('serve', database.url))
    await visitor.login(STAFF.login, STAFF.password)
    const views = await askForLists(visitor, viewsOf(amounts), quick ? 3 : 10, progress)
    const { tasks } = amounts
    return {
      tables: [tableOf(`views at ${tasks} tasks`, views)],
      notes: [
        `goal: p95 of every view at most ${GOAL} ms: ${verdict(views, 'p95', GOAL)}`,
        `goal: the first request, too: ${verdict(views, 'first', GOAL)}`,
        `Node ${process.versions.node}; 'first' is the first request for it since the server started.`,
      ],
      figures: { bench: 'jobs', tasks, node: process.versions.node, views },
    }
  } finally {
    await server.stop()
    await database.remove()
  }
}
