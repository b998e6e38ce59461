import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DjetApp, openSite } from '../../core/index.ts'
import { type AnyJob, echo, noop } from '../../plugins/jobmachine/index.ts'
import type { BenchOptions } from '../main.ts'
import { type Child, startChild, type Usage } from '../shared/child.ts'
import { makeDatabase } from '../shared/database.ts'
import type { Report } from '../shared/report.ts'
import { median } from '../shared/statistics.ts'
import { type QueueFigures, report } from './report.ts'
import {
  drained,
  forget,
  measureLatency,
  type Pace,
  sendAtOnce,
  sendBulk,
  sendSingly,
  workersReady,
} from './tasks.ts'
import type { WorkersOptions } from './work-process.ts'

/** Worker threads and tasks of one thread at the same time: the defaults of `jobmachine()`. */
const DEFAULTS = { threads: 2, concurrency: 4 }

/**
 * How fast tasks are sent and run: a backlog of no-ops, the same with results, sending in bulk and singly, and how
 * long a task waits when there is nothing else to do. Every task is settled for itself, and history is kept.
 */
export async function benchQueue({ quick, progress }: BenchOptions): Promise<Report> {
  const database = await makeDatabase()
  let app: DjetApp | undefined
  let workers: Child | undefined
  try {
    process.env.BENCH_LOG = join(database.folder, 'queue.log')
    app = await openSite(fileURLToPath(new URL('site', import.meta.url)), { databaseUrl: database.url })
    await app.prepare()
    const rounds = quick ? 1 : 3
    const backlog = quick ? 10_000 : 20_000
    const paces = { singly: [] as Pace[], bulk: [] as Pace[], noops: [] as Pace[], echoes: [] as Pace[] }
    for (let round = 1; round <= rounds; round++) {
      progress(`sending, round ${round} of ${rounds}`)
      await forget(app)
      paces.singly.push(await sendSingly(app, quick ? 1000 : 3000))
      await forget(app)
      paces.bulk.push(await sendBulk(app, backlog))
    }
    progress('starting worker threads')
    await forget(app)
    workers = startChild(new URL('work-process.ts', import.meta.url))
    await workers.call('work', { databaseUrl: database.url, ...DEFAULTS } satisfies WorkersOptions)
    await workersReady(app, DEFAULTS.threads)
    await measureDrain(app, workers, noop, backlog / 2)
    for (let round = 1; round <= rounds; round++) {
      progress(`draining, round ${round} of ${rounds}`)
      paces.noops.push(await measureDrain(app, workers, noop, backlog))
      paces.echoes.push(await measureDrain(app, workers, echo, backlog / 2))
    }
    progress('sending to idle workers')
    await measureLatency(app, 50)
    await forget(app)
    const latencies = await measureLatency(app, quick ? 200 : 500)
    const figures: QueueFigures = {
      ...DEFAULTS,
      backlog,
      noop: middle(paces.noops),
      echo: middle(paces.echoes),
      sendMany: middle(paces.bulk),
      sendSingly: middle(paces.singly),
      latencies,
      quick,
    }
    return report(figures)
  } finally {
    await workers?.stop()
    await app?.stop()
    await database.remove()
  }
}

/** A backlog that idle workers see all at once; from its first start to its last end. */
async function measureDrain(app: DjetApp, workers: Child, job: AnyJob, tasks: number): Promise<Pace> {
  await forget(app)
  const before = await workers.call<Usage>('usage')
  await sendAtOnce(app, job, tasks)
  const done = await drained(app)
  const after = await workers.call<Usage>('usage')
  if (done.tasks !== tasks || done.failed > 0) {
    throw new Error(`of ${tasks} tasks ${done.tasks} finished and ${done.failed} failed`)
  }
  return { tasks, perSecond: tasks / done.seconds, cpuPerTask: (after.cpu - before.cpu) / tasks }
}

function middle(paces: readonly Pace[]): Pace {
  return {
    tasks: paces[0]?.tasks ?? 0,
    perSecond: median(paces.map((one) => one.perSecond)),
    cpuPerTask: median(paces.map((one) => one.cpuPerTask)),
  }
}
