import { z } from 'zod'
import type { Djet } from '../../core/index.ts'
import { DjetError, didYouMean, issueWords, messageOf } from '../../core/index.ts'
import { type Duration, milliseconds, timeLimit } from './duration.ts'
import { type Retention, type RetentionPolicy, retentionOf } from './kept.ts'
import { checkLimits, type LimitPolicy, type Limits } from './limits.ts'
import { bytes, type Size } from './size.ts'
import type { TaskHandle } from './task-handle.ts'
import { checkUnique, type Unique, type UniquePolicy } from './unique.ts'
import { words } from './words.ts'

declare module '../../core/index.ts' {
  interface Contributions {
    /** Jobs of a plugin: `jobs: [invoiceOrder]`. */
    jobs?: readonly AnyJob[]
  }
  interface Djet {
    /** The task at hand, in a worker thread. */
    readonly task?: TaskHandle
  }
}

/** How a job is run, beside its function. */
export interface JobPolicy<S extends z.ZodType> {
  /** What its parameters must be. Their input form must survive JSON: dates as text, for example. */
  params: S
  /** Title of a task, from its checked parameters. */
  title?: (params: z.output<S>) => string
  /** How often it is tried again after a failure; 3 when absent. 0: never, not even when its worker dies. */
  retries?: number
  /** Wait before the first retry, doubled for each further one up to an hour, ± 25 %; `2s` when absent. */
  backoff?: Duration
  /** Time limit of one attempt; `30m` when absent. */
  timeout?: Duration
  /** Lower runs earlier, -100 to 100; 0 when absent. */
  priority?: number
  /** How long its tasks are kept, by how they ended if you like; what the plugin's options say when absent. */
  retention?: RetentionPolicy
  /** How many run at the same time, or start in a span of time, on all machines together; no limit when absent. */
  limits?: LimitPolicy<z.output<S>>
  /** When a second task of the same key is not sent. The key is made of all parameters unless `key` says which. */
  unique?: UniquePolicy & { key?: (params: z.output<S>) => string }
  /** The same as `access: { start }`. */
  start?: readonly string[]
  /** Which roles may do what with its tasks; see `JobAccess`. */
  access?: JobAccess
  /** Its name for people, where one chooses what to start; made of the class when absent. */
  label?: string
  /** What it does, in a sentence or two, for whoever may start it. */
  description?: string
  /**
   * Its function runs in one transaction: what it writes through its `djet`, its results and files, tasks it sends and
   * the end of the task are committed together, once, or not at all. False when absent.
   */
  transactional?: boolean
  /**
   * Where its function runs. `thread`, when absent: in a worker thread, beside others. `process`: in a process of
   * its own, that can be ended whatever it does: for functions that may block in native code or start programs.
   */
  isolation?: Isolation
  /** Memory its process may use, `512MB`, beyond which it is killed; needs `isolation: 'process'`. No limit when absent. */
  memory?: Size
}

/** Where the function of a job runs. */
export type Isolation = 'thread' | 'process'

/**
 * Roles that may do something with the tasks of a job. The jobs node is asked first: `view`, `start` or `cancel` is
 * needed there as well. `everyone` stands for all who have that.
 */
export interface JobAccess {
  /** Who sees them; everybody who may `view` the jobs node when absent. */
  see?: readonly string[]
  /** Who starts them by hand, from the jobs page; only administrators when absent. */
  start?: readonly string[]
  /** Who cancels and retries them; everybody who may `cancel` when absent. */
  cancel?: readonly string[]
}

/** Bytes. What a process takes that has opened a site and does nothing. */
const LEAST_MEMORY = 256 * 2 ** 20

/** A model function with a name and a policy: what `send` sends and a worker thread runs. */
export interface Job<S extends z.ZodType = z.ZodType, R = unknown> {
  /** Class of its tasks, `<plugin>.<name>`. */
  readonly name: string
  readonly params: S
  run(djet: Djet, params: z.output<S>): R | Promise<R>
  title?(params: z.output<S>): string
  readonly retries: number
  /** Milliseconds. */
  readonly backoff: number
  /** Milliseconds. */
  readonly timeout: number
  readonly priority: number
  /** Milliseconds; undefined: what the plugin's options say. */
  readonly retention: Retention | undefined
  readonly limits: Limits | undefined
  /** Key that its limits per key go by. */
  limitKey?(params: z.output<S>): string
  readonly unique: Unique | undefined
  /** Key of a task that is unique. */
  uniqueKey?(params: z.output<S>): string
  readonly access: {
    readonly see: readonly string[] | undefined
    readonly start: readonly string[]
    readonly cancel: readonly string[] | undefined
  }
  readonly label: string
  readonly description: string | undefined
  readonly transactional: boolean
  readonly isolation: Isolation
  /** Bytes; undefined: no limit. */
  readonly memory: number | undefined
}

/** Any job, whatever its parameters. */
export type AnyJob = Job<z.ZodType, unknown>

/** What a job takes, as `send` wants it. */
export type ParamsOf<J> = J extends Job<infer S, unknown> ? z.input<S> : never

/**
 * Declares a job: a model function with a name and a policy. A site's plugin contributes it with
 * `jobs: [invoiceOrder]`.
 *
 * @example
 * export const invoiceOrder = defineJob('sales-order.invoice', invoice, {
 *   params: z.object({ orderId: z.int() }),
 *   title: ({ orderId }) => `Invoice for order ${orderId}`,
 *   retries: 3, timeout: '5m',
 * })
 * @throws {DjetError} JOB_INVALID, DURATION_INVALID
 */
export function defineJob<S extends z.ZodType, R>(
  name: string,
  run: (djet: Djet, params: z.output<S>) => R | Promise<R>,
  policy: JobPolicy<S>,
): Job<S, R> {
  const who = `job '${name}'`
  if (!/^[a-z0-9][a-zA-Z0-9._-]{0,62}$/.test(name)) {
    throw invalid(
      who,
      'its name must be letters, digits, ., - and _, at most 63 of them, like sales-order.invoice',
    )
  }
  checkOptions(policy, who)
  const retries = checkRetries(policy.retries ?? 3, who)
  return Object.freeze({
    name,
    run,
    params: policy.params,
    ...(policy.title === undefined ? {} : { title: policy.title }),
    retries,
    backoff: milliseconds(policy.backoff ?? '2s', `backoff of ${who}`),
    timeout: timeLimit(policy.timeout ?? '30m', `timeout of ${who}`),
    priority: checkPriority(policy.priority ?? 0, who),
    retention: policy.retention === undefined ? undefined : retentionOf(policy.retention, who),
    limits: policy.limits === undefined ? undefined : checkLimits(policy.limits, who),
    ...(policy.limits?.perKey === undefined ? {} : { limitKey: policy.limits.perKey.key }),
    unique: policy.unique === undefined ? undefined : checkUnique(policy.unique, who),
    ...(policy.unique?.key === undefined ? {} : { uniqueKey: policy.unique.key }),
    access: accessOf(policy, who),
    label: policy.label ?? words(name.slice(name.lastIndexOf('.') + 1) || name),
    description: policy.description,
    ...placeOf(policy, who),
  })
}

const OPTIONS =
  'params title retries backoff timeout priority retention limits unique access start label description transactional isolation memory'

/** @throws {DjetError} JOB_INVALID for an option that there is not, and without a schema of the parameters */
function checkOptions(policy: object, who: string): void {
  const known = OPTIONS.split(' ')
  const odd = Object.keys(policy).find((key) => !known.includes(key))
  if (odd !== undefined) {
    throw invalid(who, `it has no option '${odd}'.${didYouMean(odd, known)} It knows: ${known.join(', ')}`)
  }
  if (!('params' in policy) || typeof (policy.params as { safeParse?: unknown })?.safeParse !== 'function') {
    throw invalid(who, 'params must be a zod schema; without parameters write params: z.object({})')
  }
}

/** @throws {DjetError} JOB_INVALID */
function placeOf(policy: Pick<JobPolicy<z.ZodType>, 'transactional' | 'isolation' | 'memory'>, who: string) {
  const { transactional = false, isolation = 'thread', memory } = policy
  if (typeof transactional !== 'boolean') {
    throw invalid(who, `transactional is '${transactional}'; it must be true or false`)
  }
  if (isolation !== 'thread' && isolation !== 'process') {
    throw invalid(who, `isolation is '${isolation}'; it must be 'thread' or 'process'`)
  }
  if (memory === undefined) return { transactional, isolation, memory }
  if (isolation === 'thread') {
    throw invalid(
      who,
      `memory is '${memory}', which needs isolation: 'process'; a thread has no memory of its own`,
    )
  }
  const limit = bytes(memory)
  if (limit === undefined || limit < LEAST_MEMORY) {
    throw invalid(
      who,
      `memory is '${memory}'; it must be a size from ${LEAST_MEMORY / 2 ** 20}MB, like 512MB or 2GB`,
    )
  }
  return { transactional, isolation, memory: limit }
}

/** @throws {DjetError} JOB_INVALID */
function accessOf({ access = {}, start }: Pick<JobPolicy<z.ZodType>, 'access' | 'start'>, who: string) {
  const odd = Object.keys(access).find((key) => !['see', 'start', 'cancel'].includes(key))
  if (odd !== undefined) throw invalid(who, `access has 'see', 'start' and 'cancel', not '${odd}'`)
  if (start !== undefined && access.start !== undefined) {
    throw invalid(who, `'start' and 'access.start' are the same; give one of them`)
  }
  return Object.freeze({ see: access.see, start: access.start ?? start ?? [], cancel: access.cancel })
}

/**
 * A priority that is one.
 * @throws {DjetError} JOB_INVALID
 */
export function checkPriority(priority: number, who: string): number {
  if (Number.isInteger(priority) && Math.abs(priority) <= 100) return priority
  throw invalid(who, `priority is ${priority}; it must be a whole number from -100 to 100`)
}

/** @throws {DjetError} JOB_INVALID */
export function checkRetries(retries: number, who: string): number {
  if (Number.isInteger(retries) && retries >= 0 && retries <= 1000) return retries
  throw invalid(who, `retries is ${retries}; it must be a whole number from 0 to 1000`)
}

/** @throws {DjetError} JOB_INVALID for a date that is none */
export function checkTime(time: Date, who: string): Date {
  if (!Number.isNaN(time.getTime())) return time
  throw invalid(who, 'runAfter is a date that is none')
}

function invalid(who: string, what: string): DjetError {
  return new DjetError('JOB_INVALID', `${who}: ${what}.`)
}

/**
 * Checks parameters as the worker will see them: through JSON.
 * @throws {DjetError} JOB_PARAMS_INVALID, 422, with the fields that do not fit
 */
export function checkParams<S extends z.ZodType>(
  job: Job<S>,
  params: unknown,
): { json: string; value: z.output<S> } {
  const json = asJson(job, params === undefined ? {} : params)
  return { json, value: readParams(job, json) }
}

function asJson(job: AnyJob, params: unknown): string {
  let why = ''
  try {
    const json: string | undefined = JSON.stringify(params)
    if (json !== undefined && !json.includes('\\u0000')) return json
  } catch (error) {
    why = `: ${messageOf(error).split('\n', 1)[0]}`
  }
  const message = `parameters of '${job.name}' cannot be stored as JSON text${why}.`
  throw new DjetError('JOB_PARAMS_INVALID', message, { status: 422 })
}

/**
 * Reads stored parameters.
 * @throws {DjetError} JOB_PARAMS_INVALID, 422
 */
export function readParams<S extends z.ZodType>(job: Job<S>, json: string | null): z.output<S> {
  let input: unknown
  try {
    input = JSON.parse(json ?? '{}')
  } catch (error) {
    const start = (json ?? '').slice(0, 60)
    throw new DjetError('JOB_PARAMS_INVALID', `parameters of '${job.name}' are no JSON: ${start}`, {
      status: 422,
      cause: error,
    })
  }
  const result = job.params.safeParse(input, { error: issueWords })
  if (result.success) return result.data
  const fields: Record<string, string> = {}
  for (const issue of result.error.issues) {
    const field = issue.path.length === 0 ? 'parameters' : z.core.toDotPath(issue.path)
    fields[field] ??= issue.message
  }
  const list = Object.entries(fields).map(([field, message]) => `${field}: ${message}`)
  throw new DjetError('JOB_PARAMS_INVALID', `parameters of '${job.name}' do not fit: ${list.join('; ')}.`, {
    status: 422,
    fields,
  })
}
