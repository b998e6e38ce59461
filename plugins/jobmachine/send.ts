import type { z } from 'zod'
import type { Djet } from '../../core/index.ts'
import { DjetError, messageOf } from '../../core/index.ts'
import { type Duration, milliseconds, timeLimit } from './duration.ts'
import { type AnyJob, checkParams, checkPriority, checkRetries, checkTime, type Job } from './job.ts'
import { checkIfFailed, type IfFailed, lockUpstream } from './queue/dependency.ts'
import { CHUNK, insertUnique, type Settings, type TaskRow, writeRows } from './queue/insert.ts'
import { wakeWorkers } from './queue/wake.ts'
import { jobsOf, requireJob } from './registry.ts'
import { storable } from './thrown.ts'
import { checkUnique, storedKey, type Unique, type UniquePolicy } from './unique.ts'

/** Characters of a title that are kept. */
export const LONGEST_TITLE = 300

export interface SendOptions {
  /** Title on the jobs page; what the job makes of the parameters when absent. */
  title?: string
  /** Not before this time, or this long from now. */
  runAfter?: Date | Duration
  /** Lower runs earlier, -100 to 100; the job's own when absent. */
  priority?: number
  /** Instead of the job's own. */
  retries?: number
  /** Instead of the job's own. */
  timeout?: Duration
  /** Notify `jmr:<task id>` when it is over; false when absent. */
  reply?: boolean
  /** Not before these tasks are over. */
  after?: readonly (number | { readonly id: number })[]
  /**
   * What happens when one of those fails for good. `fail` (when absent): it fails as well. `run`: it runs all the
   * same. `wait`: it waits until that one has been retried and finished.
   */
  ifFailed?: IfFailed
  /** Instead of the job's own; `false`: send it whatever there is. `key` when absent: all parameters. */
  unique?: (UniquePolicy & { key?: string }) | false
}

/** A task that was sent. */
export interface SentTask {
  readonly id: number
  /** Path of its page. */
  readonly url: string
  /** It was there already: the task is unique, and this is the first one. */
  readonly existing?: true
}

/**
 * Sends one task, in the transaction of the scope if there is one: nothing runs before that commits.
 *
 * @example
 * const task = await send(djet, invoiceOrder, { orderId: 7 }, { runAfter: '5m' })
 * ctx.seeOther(task.url)
 * @throws {DjetError} JOB_PARAMS_INVALID, 422, naming the fields; TASK_NOT_FOUND, 404, for one of `after`
 */
export async function send<S extends z.ZodType>(
  djet: Djet,
  job: Job<S>,
  params: z.input<S>,
  options: SendOptions = {},
): Promise<SentTask> {
  const [task] = await sendMany(djet, job, [params], options)
  return task!
}

/**
 * Sends a task for each of the parameters: all or none, in order, in one statement for every 5,000; unique ones take
 * three statements each.
 * @throws {DjetError} JOB_PARAMS_INVALID, 422, naming the fields and which of the parameters it was
 */
export async function sendMany<S extends z.ZodType>(
  djet: Djet,
  job: Job<S>,
  paramsList: readonly z.input<S>[],
  options: SendOptions = {},
): Promise<SentTask[]> {
  return insertTasks(djet, job, paramsList, options, null)
}

/**
 * Sends a task by the name of its class, for callers that have only text: the command line, a page.
 * @throws {DjetError} JOB_UNKNOWN, 404; JSON_INVALID, 400; JOB_PARAMS_INVALID, 422
 */
export async function sendByName(
  djet: Djet,
  name: string,
  json: string,
  options: SendOptions = {},
): Promise<SentTask> {
  const job: AnyJob = requireJob(jobsOf(djet.app), name)
  let params: unknown
  try {
    params = JSON.parse(json)
  } catch (error) {
    throw new DjetError('JSON_INVALID', `parameters for '${name}' are no JSON: ${messageOf(error)}.`, {
      status: 400,
      cause: error,
    })
  }
  return send(djet, job, params, options)
}

/** Inserts tasks of one job, children of `parent` when there is one; those are never unique. */
export async function insertTasks<S extends z.ZodType>(
  djet: Djet,
  job: Job<S>,
  paramsList: readonly z.input<S>[],
  options: SendOptions,
  parent: number | null,
): Promise<SentTask[]> {
  const rows = paramsList.map((params, n) => row(job, params, options, paramsList.length > 1 ? n : undefined))
  const settings = insertSettings(djet, job, options, parent)
  const unique = parent === null ? uniqueOf(job, options) : undefined
  const after = options.after?.map((task) => (typeof task === 'number' ? task : task.id)) ?? []
  const ifFailed = checkIfFailed(options.ifFailed ?? 'fail')
  const inOne = unique === undefined && after.length === 0 && rows.length <= CHUNK
  const insert = async (djet: Djet): Promise<SentTask[]> => {
    const upstream = after.length > 0 ? await lockUpstream(djet, after) : undefined
    const write = (rows: readonly TaskRow[]): Promise<SentTask[]> =>
      writeRows(djet, job.name, rows, settings, upstream, ifFailed)
    return unique ? insertUnique(djet, job.name, rows, settings, unique, write) : write(rows)
  }
  const sent = inOne ? await insert(djet) : await djet.transaction(insert)
  if (sent.length > 0) await djet.afterCommit(() => wakeWorkers(djet.app))
  return sent
}

function uniqueOf(job: AnyJob, options: SendOptions): Unique | undefined {
  if (options.unique === undefined) return job.unique
  return options.unique === false ? undefined : checkUnique(options.unique, `a task of '${job.name}'`)
}

function row<S extends z.ZodType>(
  job: Job<S>,
  params: z.input<S>,
  options: SendOptions,
  n: number | undefined,
): TaskRow {
  try {
    const { json, value } = checkParams(job, params)
    return {
      json,
      title: titleOf(options.title ?? job.title?.(value)),
      limitKey: job.limitKey ? storedKey(job.limitKey(value)) : null,
      uniqueKey: storedKey((options.unique || undefined)?.key ?? job.uniqueKey?.(value) ?? json),
    }
  } catch (error) {
    if (!(error instanceof DjetError) || n === undefined) throw error
    throw new DjetError(error.code, `task ${n + 1}: ${error.message}`, {
      status: error.status,
      ...(error.fields === undefined ? {} : { fields: error.fields }),
      cause: error,
    })
  }
}

/** A line for people: cut, not refused, as it may be made of anything. */
export function titleOf(title: string | undefined): string | null {
  return title === undefined ? null : storable(String(title), LONGEST_TITLE)
}

function insertSettings(djet: Djet, job: AnyJob, options: SendOptions, parent: number | null): Settings {
  const who = `of a task of '${job.name}'`
  const { runAfter } = options
  return {
    priority: checkPriority(options.priority ?? job.priority, `a task of '${job.name}'`),
    runAfter: runAfter instanceof Date ? checkTime(runAfter, `a task of '${job.name}'`) : null,
    delay: typeof runAfter === 'string' ? milliseconds(runAfter, `runAfter ${who}`) : 0,
    maxAttempts:
      options.retries === undefined ? null : checkRetries(options.retries, `a task of '${job.name}'`) + 1,
    timeout: options.timeout === undefined ? null : timeLimit(options.timeout, `timeout ${who}`),
    reply: options.reply ?? false,
    requestedBy: djet.user?.login ?? null,
    parent,
  }
}
