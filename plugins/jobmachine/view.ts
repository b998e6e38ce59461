import type { Djet } from '../../core/index.ts'
import { BATCH } from './jobs.ts'
import { type BatchCounts, batchCounts } from './list.ts'
import { type Status, statusWord } from './status.ts'

/** A result of a task: a value, or a file. */
export interface ResultView {
  readonly id: number
  /** Media type. */
  readonly type: string
  readonly created: Date
  readonly data: unknown
  readonly file: {
    readonly id: string
    readonly name: string
    readonly type: string
    readonly size: number
  } | null
}

/** An attempt that failed. */
export interface AttemptView {
  readonly attempt: number
  readonly worker: number | null
  readonly started: Date | null
  readonly ended: Date
  readonly error: string
  readonly stack: string | null
}

export interface LogView {
  readonly id: number
  readonly attempt: number
  readonly created: Date
  readonly level: string
  readonly message: string
}

export interface ProgressView {
  readonly done: number
  readonly total: number | null
  readonly note: string | null
}

/** An attempt of a task, whatever became of it. */
export interface TimelineEntry {
  readonly attempt: number
  readonly outcome: 'failed' | 'cancelled' | 'finished' | 'running'
  readonly started: Date | null
  readonly ended: Date | null
  /** Whose row may have been removed: then only its number is known. */
  readonly worker: {
    readonly id: number
    readonly host: string | null
    readonly pid: number | null
    readonly thread: number | null
  } | null
  readonly error: string | null
  readonly stack: string | null
}

/** All there is to know about a task. */
export interface TaskView {
  readonly id: number
  readonly class: string
  readonly title: string | null
  readonly status: Status
  readonly cancelled: boolean
  /** Parsed; the text itself when it is no JSON, or deeply nested. */
  readonly parameters: unknown
  readonly priority: number
  readonly attempt: number
  /** The number Infinity: never, as a client of the queue may write it. */
  readonly runAfter: Date | number
  readonly created: Date
  readonly started: Date | null
  readonly finished: Date | null
  readonly requestedBy: string | null
  readonly parent: number | null
  /** Which made it; null: none that is still there. */
  readonly schedule: { readonly id: number; readonly name: string } | null
  readonly worker: {
    readonly id: number
    readonly host: string
    readonly pid: number
    readonly thread: number
  } | null
  readonly progress: ProgressView | null
  /** Oldest first. */
  readonly attempts: readonly AttemptView[]
  /** All attempts, those that failed and the one under way or that finished; oldest first. */
  readonly timeline: readonly TimelineEntry[]
  readonly results: readonly ResultView[]
  /** The last lines. */
  readonly log: readonly LogView[]
  /** Counts of a batch's tasks by status; null: no batch. */
  readonly children: BatchCounts | null
}

/** Lines of the log a page shows. */
const LINES = 200

interface TaskRow
  extends Omit<TaskView, 'status' | 'parameters' | 'progress' | 'worker' | 'children' | 'timeline'> {
  readonly status: number
  readonly parameters: string | null
  readonly worker_id: number | null
  readonly host: string | null
  readonly pid: number
  readonly thread: number
  readonly done: number | null
  readonly total: number | null
  readonly note: string | null
}

const TASK = {
  name: 'jobmachine.view',
  text: `
    select t.task_id as id, c.name as class, t.title, t.status, t.cancelled, t.parameters, t.priority, t.attempt,
      t.run_after as "runAfter", t.created, t.started, t.finished, t.requested_by as "requestedBy",
      t.parent_id as parent, w.worker_id, w.host, w.pid, w.thread, p.done, p.total, p.note,
      (select json_build_object('id', s.schedule_id, 'name', s.name) from jobmachine.schedule_run r
        join jobmachine.schedule s on s.schedule_id = r.schedule_id where r.task_id = t.task_id limit 1) as schedule
    from jobmachine.task t
    join jobmachine.class c on c.class_id = t.class_id
    left join jobmachine.worker w on w.worker_id = t.worker_id
    left join jobmachine.progress p on p.task_id = t.task_id
    where t.task_id = $1`,
}

/**
 * Everything about one task, for its page and for programs; null when there is none.
 *
 * @example
 * const task = await taskView(djet, id)
 * if (task?.status === 'failed') djet.log.warn(task.attempts.at(-1)?.error)
 */
export async function taskView(djet: Djet, id: number): Promise<TaskView | null> {
  const [row] = await djet.query<TaskRow>(TASK, [id])
  if (!row) return null
  const { worker_id, host, pid, thread, done, total, note, ...task } = row
  const children = row.class === BATCH ? await batchCounts(djet, id) : null
  const failed = await attempts(djet, id)
  return {
    ...task,
    status: statusWord(row.status),
    parameters: parse(row.parameters),
    worker: worker_id === null || host === null ? null : { id: worker_id, host, pid, thread },
    progress: children
      ? { done: children.finished + children.failed, total: children.total, note: null }
      : done === null
        ? null
        : { done, total, note },
    attempts: failed.map(({ host: _, pid: __, thread: ___, ...attempt }) => attempt),
    timeline: timelineOf(row, failed),
    results: await results(djet, id),
    log: await logSince(djet, id, 0),
    children,
  }
}

type AttemptRow = AttemptView & Record<'pid' | 'thread', number | null> & { readonly host: string | null }

function attempts(djet: Djet, id: number): Promise<AttemptRow[]> {
  return djet.query<AttemptRow>(
    `select a.attempt, a.worker_id as worker, a.started, a.ended, a.error, a.stack, w.host, w.pid, w.thread
     from jobmachine.attempt a left join jobmachine.worker w on w.worker_id = a.worker_id
     where a.task_id = $1 order by a.attempt limit 1000`,
    [id],
  )
}

function timelineOf(row: TaskRow, failed: readonly AttemptRow[]): TimelineEntry[] {
  const { attempt, started, finished, worker_id, host, pid, thread, cancelled } = row
  const status = statusWord(row.status)
  const entries = failed.map((each, n): TimelineEntry => {
    const isLast = n === failed.length - 1 && status === 'failed'
    return {
      attempt: each.attempt,
      outcome: cancelled && isLast ? 'cancelled' : 'failed',
      started: each.started,
      ended: each.ended,
      worker:
        each.worker === null
          ? null
          : { id: each.worker, host: each.host, pid: each.pid, thread: each.thread },
      error: each.error,
      stack: each.stack,
    }
  })
  if (status === 'running' || status === 'finished') {
    entries.push({
      attempt,
      outcome: status,
      started,
      ended: status === 'finished' ? finished : null,
      worker: worker_id === null ? null : { id: worker_id, host, pid, thread },
      error: null,
      stack: null,
    })
  }
  return entries
}

async function results(djet: Djet, id: number): Promise<ResultView[]> {
  const rows = await djet.query<Omit<ResultView, 'file' | 'data'> & ResultFile & { text: string | null }>(
    `select r.result_id as id, coalesce(r.resulttype, 'application/json') as type, r.created, r.result as text,
       r.file_id, f.name, f.type as file_type, f.size
     from jobmachine.result r left join djet.file f on f.id = r.file_id
     where r.task_id = $1 order by r.result_id limit 1000`,
    [id],
  )
  return rows.map(({ id, type, created, text, file_id, name, file_type, size }) => ({
    id,
    type,
    created,
    data: readResult(text),
    file: file_id === null ? null : { id: file_id, name, type: file_type, size },
  }))
}

interface ResultFile {
  readonly file_id: string | null
  readonly name: string
  readonly file_type: string
  readonly size: number
}

/** Log lines of a task behind the line `after`, the last 200, oldest first. */
export async function logSince(djet: Djet, id: number, after: number): Promise<LogView[]> {
  const lines = await djet.query<LogView>(
    `select log_id as id, attempt, created, level, message
     from jobmachine.log where task_id = $1 and log_id > $2 order by log_id desc limit $3`,
    [id, after, LINES],
  )
  return lines.reverse()
}

/** JSON nested deeper than this stays text: whoever shows it or writes it as JSON again needs a stack. */
const DEEPEST = 200

/** JSON text as a value; what is no JSON stays text. */
function parse(text: string | null): unknown {
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    return isDeeper(value, DEEPEST) ? text : value
  } catch {
    return text
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1))
}

/** The value of a stored result: what is inside `{"data": …}`. */
export function readResult(text: string | null): unknown {
  const result = parse(text)
  return typeof result === 'object' && result !== null && 'data' in result ? result.data : result
}
