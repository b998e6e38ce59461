import type { Djet } from '../../core/index.ts'
import { hiddenClasses } from './access.ts'
import { readWaiting } from './queue/gauge.ts'
import type { Status } from './status.ts'

/** Tasks by status. */
export type Counts = Readonly<Record<Status, number>>

/** Tasks of one class by status. */
export interface ClassCounts extends Counts {
  readonly class: string
  readonly paused: boolean
  /** So many wait that they were counted some seconds ago, not now. */
  readonly about: boolean
}

/** Tasks of a class that are shown as running are counted up to here. */
const MOST_RUNNING = 10_000

const KEPT = {
  name: 'jobmachine.class_counts',
  text: `
    select c.class_id as id, c.name as class, c.paused,
      (select count(*) from (
        select from jobmachine.task t where t.class_id = c.class_id and t.status = 100 limit ${MOST_RUNNING}
      ) as shown)::float8 as running,
      coalesce(k.finished, 0)::float8 as finished, coalesce(k.failed, 0)::float8 as failed
    from jobmachine.class c left join (
      select class_id, sum(n) filter (where status = 200) as finished, sum(n) filter (where status = 900) as failed
      from (
        select class_id, status, n from jobmachine.kept
        union all
        select class_id, status, kept from jobmachine.tally_delta
        where delta_id > (select delta_id from jobmachine.folded) and status >= 200
      ) as each group by class_id
    ) as k on k.class_id = c.class_id
    order by c.name`,
}

/**
 * Tasks of every class by status, of classes the scope's user sees. From counters: it takes the same time however many
 * tasks there are.
 */
export async function classCounts(djet: Djet): Promise<ClassCounts[]> {
  const { app } = djet
  const [rows, waiting] = await Promise.all([
    app.database.query<Omit<ClassCounts, 'waiting' | 'about'> & { id: number }>(KEPT),
    readWaiting(app.database),
  ])
  const byClass = new Map(waiting.map((row) => [row.classId, row]))
  const hidden = hiddenClasses(djet)
  return rows
    .filter((row) => !hidden.has(row.class))
    .map(({ id, running, finished, failed, ...row }) => ({
      ...row,
      waiting: byClass.get(id)?.n ?? 0,
      running,
      finished: Math.max(0, finished),
      failed: Math.max(0, failed),
      about: byClass.get(id)?.about ?? false,
    }))
}

/** All of them together. */
export function total(classes: readonly ClassCounts[]): Counts & { about: boolean } {
  const sum = { waiting: 0, running: 0, finished: 0, failed: 0, about: false }
  for (const each of classes) {
    sum.waiting += each.waiting
    sum.running += each.running
    sum.finished += each.finished
    sum.failed += each.failed
    sum.about ||= each.about
  }
  return sum
}
