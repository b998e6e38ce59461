import type { z } from 'zod'
import type { Djet } from '../../core/index.ts'
import { DjetError, encodePath, messageOf } from '../../core/index.ts'
import { type Duration, milliseconds, timeLimit } from './duration.ts'
import { type AnyJob, checkParams, checkPriority, type Job } from './job.ts'
import { wakeWorkers } from './queue/wake.ts'
import { jobsOf, requireJob } from './registry.ts'

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
}

/** A task that was sent. */
export interface SentTask {
  readonly id: number
  /** Path of its page. */
  readonly url: string
}

/** Rows of one insert. */
const CHUNK = 5000

const SEND = {
  name: 'jobmachine.send',
  text: `
    insert into jobmachine.task
      (class_id, title, parameters, priority, run_after, max_attempts, timeout, reply, requested_by, parent_id)
    select class.id, sent.title, sent.parameters, $4,
      coalesce($5::timestamptz, now() + $6::float8 * interval '1 millisecond'), $7, $8, $9, $10, $11
    from (select jobmachine.class_id($1) as id, set_config('jobmachine.quiet', 'on', true)) as class,
      unnest($2::text[], $3::text[]) with ordinality as sent (parameters, title, n)
    order by sent.n
    returning task_id as id, (select path from djet.node where basetype = 'jobmachine') as node`,
}

/**
 * Sends one task, in the transaction of the scope if there is one: nothing runs before that commits.
 *
 * @example
 * const task = await send(djet, invoiceOrder, { orderId: 7 }, { runAfter: '5m' })
 * ctx.seeOther(task.url)
 * @throws {DjetError} JOB_PARAMS_INVALID, 422, naming the fields
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
 * Sends a task for each of the parameters: all or none, in order, in one statement for every 5,000.
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

/** Inserts tasks of one job, children of `parent` when there is one. */
export async function insertTasks<S extends z.ZodType>(
  djet: Djet,
  job: Job<S>,
  paramsList: readonly z.input<S>[],
  options: SendOptions,
  parent: number | null,
): Promise<SentTask[]> {
  const rows = paramsList.map((params, n) => row(job, params, options, paramsList.length > 1 ? n : undefined))
  const settings = insertSettings(djet, job, options, parent)
  const insert = async (inside: Djet): Promise<{ id: number; node: string | null }[]> => {
    const sent: { id: number; node: string | null }[] = []
    for (let at = 0; at < rows.length; at += CHUNK) {
      const chunk = rows.slice(at, at + CHUNK)
      const values = [job.name, chunk.map((r) => r.json), chunk.map((r) => r.title), ...settings]
      for (const task of await inside.query<{ id: number; node: string | null }>(SEND, values))
        sent.push(task)
    }
    return sent
  }
  const sent = rows.length > CHUNK ? await djet.transaction(insert) : await insert(djet)
  if (sent.length > 0) await djet.afterCommit(() => wakeWorkers(djet.app))
  return sent.map(({ id, node }) => ({ id, url: taskUrl(node, id) }))
}

/** Address of a task's page below the jobmachine node. */
export function taskUrl(node: string | null, id: number): string {
  return `${encodePath(node ?? '/jobs').replace(/\/$/, '')}/task/${id}`
}

function row<S extends z.ZodType>(
  job: Job<S>,
  params: z.input<S>,
  options: SendOptions,
  n: number | undefined,
): { json: string; title: string | null } {
  try {
    const { json, value } = checkParams(job, params)
    return { json, title: options.title ?? job.title?.(value) ?? null }
  } catch (error) {
    if (!(error instanceof DjetError) || n === undefined) throw error
    throw new DjetError(error.code, `task ${n + 1}: ${error.message}`, {
      status: error.status,
      ...(error.fields === undefined ? {} : { fields: error.fields }),
      cause: error,
    })
  }
}

function insertSettings(djet: Djet, job: AnyJob, options: SendOptions, parent: number | null): unknown[] {
  const who = `of a task of '${job.name}'`
  const { runAfter } = options
  return [
    checkPriority(options.priority ?? job.priority, `a task of '${job.name}'`),
    runAfter instanceof Date ? runAfter : null,
    typeof runAfter === 'string' ? milliseconds(runAfter, `runAfter ${who}`) : 0,
    options.retries === undefined ? null : options.retries + 1,
    options.timeout === undefined ? null : timeLimit(options.timeout, `timeout ${who}`),
    options.reply ?? false,
    djet.user?.login ?? null,
    parent,
  ]
}
