import type { Djet } from '../../core/index.ts'
import { DjetError, didYouMean } from '../../core/index.ts'
import { hiddenClasses } from './access.ts'
import { isStatus, STATUSES, type Status, statusNumber, statusWord } from './status.ts'

/** One line of the list. */
export interface TaskLine {
  readonly id: number
  readonly class: string
  readonly title: string | null
  readonly status: Status
  readonly created: Date
  /** The number Infinity: never, as a client of the queue may write it. */
  readonly runAfter: Date | number
  readonly attempt: number
}

export interface ListFilter {
  status?: string | undefined
  class?: string | undefined
  /** Only children of this batch. */
  parent?: number | undefined
  /** Tasks older than this id; for the next page. */
  before?: number | undefined
  /** Tasks newer than this id; for the page before. */
  after?: number | undefined
  /** 50 when absent. */
  limit?: number
}

export interface TaskList {
  /** Newest first. */
  readonly tasks: readonly TaskLine[]
  /** `before` of the next older page (`?older=` in its address); null at the end. */
  readonly older: number | null
  /** `after` of the next newer page (`?newer=`); null on the first page. */
  readonly newer: number | null
}

/** Tasks by status, counted up to `COUNTED`. */
export type Counts = Readonly<Record<Status, number>>

/** Characters of a title a list shows. */
const TITLE = 300

/** Counting stops here: a page need not count a million rows. */
export const COUNTED = 1000

const COLUMNS = `t.task_id, t.class_id, t.title, t.status, t.created, t.run_after, t.attempt`

/** One short index scan for each class and status, then the first of all. */
const FILTERED = (newer: boolean): string => `
  select ${COLUMNS} from unnest($1::int[]) as class (id), unnest($2::int[]) as status (n), lateral (
    select * from jobmachine.task t
    where t.class_id = class.id and t.status = status.n and t.task_id ${newer ? '>' : '<'} $3
    order by t.task_id ${newer ? 'asc' : 'desc'} limit $4
  ) as t`
const ALL = (newer: boolean): string => `
  select ${COLUMNS} from jobmachine.task t where t.task_id ${newer ? '>' : '<'} $3
    and $1::int[] is not null and $2::int[] is not null`
const CHILDREN = (newer: boolean, some: boolean): string => `
  select ${COLUMNS} from unnest($2::int[]) as status (n), lateral (
    select * from jobmachine.task t
    where t.parent_id = $5 and t.status = status.n and t.task_id ${newer ? '>' : '<'} $3
      ${some ? 'and t.class_id = any($1::int[])' : ''}
    order by t.task_id ${newer ? 'asc' : 'desc'} limit $4
  ) as t where $1::int[] is not null`

/**
 * Tasks, newest first, by key: a page costs the same however many there are. Of classes the scope's user does not see
 * there are none.
 * @throws {DjetError} JOBS_FILTER, 400, for a status or class that does not exist
 */
export async function listTasks(djet: Djet, filter: ListFilter): Promise<TaskList> {
  const limit = filter.limit ?? 50
  const newer = filter.after !== undefined && filter.before === undefined
  const classes = await classFilter(djet, filter.class)
  const statuses = statusFilter(filter.status)
  const some = hiddenClasses(djet).size > 0
  const source =
    filter.parent !== undefined
      ? CHILDREN(newer, some)
      : filter.status || filter.class || some
        ? FILTERED(newer)
        : ALL(newer)
  const key = newer ? filter.after! : (filter.before ?? Number.MAX_SAFE_INTEGER)
  const values: unknown[] = [classes, statuses.map(statusNumber), key, limit + 1]
  if (filter.parent !== undefined) values.push(filter.parent)
  const rows = await djet.query<Omit<TaskLine, 'status'> & { status: number }>(
    `select t.task_id as id, c.name as class, left(t.title, ${TITLE}) as title, t.status, t.created, t.run_after as "runAfter", t.attempt
     from (${source} order by task_id ${newer ? 'asc' : 'desc'} limit $4) as t
     join jobmachine.class c on c.class_id = t.class_id
     order by t.task_id ${newer ? 'asc' : 'desc'}`,
    values,
  )
  const more = rows.length > limit
  const lines = rows.slice(0, limit).map((row) => ({ ...row, status: statusWord(row.status) }))
  if (newer) lines.reverse()
  const first = lines[0]?.id ?? null
  const last = lines.at(-1)?.id ?? null
  return {
    tasks: lines,
    older: newer ? last : more ? last : null,
    newer: newer ? (more ? first : null) : filter.before === undefined ? null : (first ?? filter.before - 1),
  }
}

/**
 * Tasks of each status, of one class or of all, up to 1,000 each.
 * @throws {DjetError} JOBS_FILTER, 400
 */
export async function countTasks(djet: Djet, className: string | undefined): Promise<Counts> {
  const classes = await classFilter(djet, className)
  const rows = await djet.query<{ status: number; n: number }>(
    {
      name: 'jobmachine.count',
      text: `
        select status.n as status, (
          select count(*)::int from (
            select from unnest($1::int[]) as class (id), lateral (
              select from jobmachine.task t where t.class_id = class.id and t.status = status.n limit $3
            ) as t limit $3
          ) as counted
        ) as n
        from unnest($2::int[]) as status (n)`,
    },
    [classes, STATUSES.map(statusNumber), COUNTED],
  )
  const counts: Record<Status, number> = { waiting: 0, running: 0, finished: 0, failed: 0 }
  for (const { status, n } of rows) counts[statusWord(status)] = n
  return counts
}

/** Tasks of a batch by status, and all together. */
export interface BatchCounts extends Counts {
  readonly total: number
}

/** How far a batch is. */
export async function batchCounts(djet: Djet, parent: number): Promise<BatchCounts> {
  const rows = await djet.query<{ status: number; n: number }>(
    {
      name: 'jobmachine.batch_counts',
      text: 'select status, count(*)::int as n from jobmachine.task where parent_id = $1 group by status',
    },
    [parent],
  )
  const counts = { waiting: 0, running: 0, finished: 0, failed: 0, total: 0 }
  for (const { status, n } of rows) {
    counts[statusWord(status)] = n
    counts.total += n
  }
  return counts
}

/** Names of all classes that ever had a task, as far as the scope's user sees them. */
export async function classNames(djet: Djet): Promise<string[]> {
  return (await seenClasses(djet)).map(({ name }) => name).sort()
}

async function seenClasses(djet: Djet): Promise<{ id: number; name: string }[]> {
  const rows = await djet.query<{ id: number; name: string }>(
    'select class_id as id, name from jobmachine.class',
  )
  const hidden = hiddenClasses(djet)
  return hidden.size === 0 ? rows : rows.filter(({ name }) => !hidden.has(name))
}

async function classFilter(djet: Djet, name: string | undefined): Promise<number[]> {
  const rows = await seenClasses(djet)
  if (!name) return rows.map((row) => row.id)
  const row = rows.find((row) => row.name === name)
  if (row) return [row.id]
  const names = rows.map((row) => row.name)
  throw new DjetError(
    'JOBS_FILTER',
    `there are no tasks of class '${name.slice(0, 100)}'.${didYouMean(name, names)}`,
    {
      status: 400,
    },
  )
}

function statusFilter(word: string | undefined): readonly Status[] {
  if (!word) return STATUSES
  if (isStatus(word)) return [word]
  throw new DjetError(
    'JOBS_FILTER',
    `'${word.slice(0, 100)}' is no status. Use one of ${STATUSES.join(', ')}.${didYouMean(word, STATUSES)}`,
    { status: 400 },
  )
}
