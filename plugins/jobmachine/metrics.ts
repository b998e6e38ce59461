import type { Djet, DjetApp } from '../../core/index.ts'
import { maySee } from './access.ts'
import { classCounts } from './counts.ts'
import { oldestWaiting } from './queue/oldest.ts'
import { BUCKETS, endedTotals } from './queue/totals.ts'

/** Milliseconds within which a worker that lives has said so. */
const SIGN_OF_LIFE = 15_000

const STATUS_WORDS: Readonly<Record<number, string>> = { 0: 'retried', 200: 'finished', 900: 'failed' }

/** Media type of what `metrics` gives. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * The job machine's figures in the text format of Prometheus. They are those of the whole site, read from the database,
 * so that they are the same whichever process answers, and survive it; of classes the scope's user sees.
 */
export async function metrics(djet: Djet): Promise<string> {
  const { app } = djet
  const [classes, oldest, all, workers] = await Promise.all([
    classCounts(djet),
    oldestWaiting(app.database),
    endedTotals(app.database),
    livingWorkers(app),
  ])
  const ended = all.filter((row) => maySee(djet, row.class))
  const text = new Text()
  text.family('djet_jobs_tasks', 'gauge', 'Tasks that are kept, by class and status.')
  for (const { class: name, waiting, running, finished, failed } of classes) {
    for (const [status, n] of Object.entries({ waiting, running, finished, failed }))
      text.sample('djet_jobs_tasks', { class: name, status }, n)
  }
  text.family('djet_jobs_paused', 'gauge', 'Whether a class is paused.')
  for (const each of classes) text.sample('djet_jobs_paused', { class: each.class }, each.paused ? 1 : 0)
  text.family(
    'djet_jobs_oldest_waiting_seconds',
    'gauge',
    'How long the oldest task of a class has been due; 0: none is.',
  )
  for (const each of classes)
    text.sample('djet_jobs_oldest_waiting_seconds', { class: each.class }, oldest.get(each.class) ?? 0)
  text.family('djet_jobs_workers', 'gauge', 'Worker threads that live.')
  text.sample('djet_jobs_workers', {}, workers)
  text.family('djet_jobs_ended_total', 'counter', 'Attempts that ended; retried: failed and tried again.')
  for (const { class: name, status, ended: n } of byStatus(ended)) {
    text.sample('djet_jobs_ended_total', { class: name, status: STATUS_WORDS[status] ?? String(status) }, n)
  }
  text.family('djet_jobs_duration_seconds', 'histogram', 'How long attempts ran.')
  for (const [name, counts] of byClass(ended)) {
    let sum = 0
    for (const [n, bound] of [...BUCKETS, Number.POSITIVE_INFINITY].entries()) {
      sum += counts.buckets[n] ?? 0
      const le = Number.isFinite(bound) ? String(bound / 1000) : '+Inf'
      text.sample('djet_jobs_duration_seconds_bucket', { class: name, le }, sum)
    }
    text.sample('djet_jobs_duration_seconds_sum', { class: name }, counts.run / 1000)
    text.sample('djet_jobs_duration_seconds_count', { class: name }, sum)
  }
  text.family(
    'djet_jobs_waited_seconds',
    'summary',
    'How long tasks that finished had been due before they began.',
  )
  for (const [name, counts] of byClass(ended)) {
    text.sample('djet_jobs_waited_seconds_sum', { class: name }, counts.wait / 1000)
    text.sample('djet_jobs_waited_seconds_count', { class: name }, counts.finished)
  }
  return text.toString()
}

/** Worker threads that have given a sign of life within the lease. */
export async function livingWorkers(app: DjetApp): Promise<number> {
  const [row] = await app.database.query<{ n: number }>(
    {
      name: 'jobmachine.living',
      text: `select count(*)::int as n from jobmachine.worker
        where ended is null and seen > now() - $1 * interval '1 millisecond'`,
    },
    [SIGN_OF_LIFE],
  )
  return row!.n
}

type Totals = Awaited<ReturnType<typeof endedTotals>>

function byStatus(ended: Totals): { class: string; status: number; ended: number }[] {
  const sums = new Map<string, { class: string; status: number; ended: number }>()
  for (const { class: name, status, ended: n } of ended) {
    const key = `${status} ${name}`
    const sum = sums.get(key)
    if (sum) sum.ended += n
    else sums.set(key, { class: name, status, ended: n })
  }
  return [...sums.values()]
}

interface ClassTotals {
  readonly buckets: number[]
  run: number
  wait: number
  finished: number
}

function byClass(ended: Totals): Map<string, ClassTotals> {
  const classes = new Map<string, ClassTotals>()
  for (const row of ended) {
    const counts = classes.get(row.class) ?? { buckets: [], run: 0, wait: 0, finished: 0 }
    counts.buckets[row.bucket] = (counts.buckets[row.bucket] ?? 0) + row.ended
    counts.run += row.runMs
    if (row.status === 200) {
      counts.wait += row.waitMs
      counts.finished += row.ended
    }
    classes.set(row.class, counts)
  }
  return classes
}

/** Lines of the text format. */
class Text {
  readonly #lines: string[] = []

  family(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
  }

  sample(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
    this.#lines.push(`${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`)
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
