import type { Djet } from '../../core/index.ts'
import { DjetError, didYouMean } from '../../core/index.ts'
import { hiddenClasses } from './access.ts'
import type { Counts } from './counts.ts'
import { boundsOf } from './search/bounds.ts'
import { type Found, type Scan, scan } from './search/scan.ts'
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

/** Which tasks. */
export interface TaskFilter {
  /** One of them, or several. */
  status?: string | readonly string[] | undefined
  class?: string | undefined
  /** Created from then on. */
  from?: Date | undefined
  /** Created before then. */
  to?: Date | undefined
  /** Words in the title or the first 10,000 characters of the parameters; case does not matter. */
  text?: string | undefined
  /** Login of who asked for it. */
  requestedBy?: string | undefined
  /** Only children of this batch. */
  parent?: number | undefined
}

export interface ListFilter extends TaskFilter {
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
  /**
   * Set when the search was broken off because it took long: everything back to this time (or up to it, when paging to
   * newer ones) has been looked at, and `older` (`newer`) goes on from there.
   */
  readonly searchedTo: Date | null
}

/**
 * Tasks, newest first, by key: a page costs the same however many there are. What no index knows (words, times
 * within a class) is looked for in pieces, for a tenth of a second at most; then the list says how far it came. Of
 * classes the scope's user does not see there are none.
 *
 * @throws {DjetError} JOBS_FILTER, 400, for a status or class that does not exist
 */
export async function listTasks(djet: Djet, filter: ListFilter): Promise<TaskList> {
  const limit = filter.limit ?? 50
  const newer = filter.after !== undefined && filter.before === undefined
  const search = await searchOf(djet, filter)
  const key = newer ? filter.after! : (filter.before ?? Number.MAX_SAFE_INTEGER)
  const { rows, last } = await scan(djet, search, { newer, key, limit: limit + 1 })
  const more = rows.length > limit || last !== null
  const lines = rows.slice(0, limit).map(lineOf)
  const searchedTo = rows.length > limit ? null : (last?.created ?? null)
  const end = searchedTo === null ? (lines.at(-1)?.id ?? null) : last!.id
  if (newer) lines.reverse()
  const first = lines[0]?.id ?? null
  return {
    tasks: lines,
    older: newer ? (lines.at(-1)?.id ?? null) : more ? end : null,
    newer: newer ? (more ? end : null) : filter.before === undefined ? null : (first ?? filter.before - 1),
    searchedTo,
  }
}

function lineOf({ status, ...row }: Found): TaskLine {
  return { ...row, status: statusWord(status) }
}

/**
 * What a filter means for the database.
 * @throws {DjetError} JOBS_FILTER, 400
 */
export async function searchOf(djet: Djet, filter: TaskFilter): Promise<Scan> {
  const classes = await classFilter(djet, filter.class)
  const statuses = statusFilter(filter.status)
  return {
    classes,
    statuses: statuses.map(statusNumber),
    isAll: statuses.length === STATUSES.length && !filter.class && hiddenClasses(djet).size === 0,
    parent: filter.parent ?? null,
    requestedBy: filter.requestedBy || null,
    text: filter.text?.trim().toLowerCase() || null,
    from: filter.from ?? null,
    to: filter.to ?? null,
    bounds: await boundsOf(djet, filter.from, filter.to),
  }
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

function statusFilter(words: string | readonly string[] | undefined): readonly Status[] {
  const all = [words ?? []].flat().filter((word) => word !== '')
  return all.length === 0 ? STATUSES : [...new Set(all.map(oneStatus))]
}

function oneStatus(word: string): Status {
  if (isStatus(word)) return word
  throw new DjetError(
    'JOBS_FILTER',
    `'${word.slice(0, 100)}' is no status. Use one of ${STATUSES.join(', ')}.${didYouMean(word, STATUSES)}`,
    { status: 400 },
  )
}
