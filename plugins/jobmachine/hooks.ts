import type { Djet, DjetApp } from '../../core/index.ts'
import { DjetError, didYouMean, messageOf } from '../../core/index.ts'

/** The end of an attempt, as a hook is told. */
export interface TaskEvent {
  readonly id: number
  readonly class: string
  readonly title: string | null
  /** `retried`: it failed, or somebody sent it back, and it waits for its next attempt. */
  readonly kind: TaskEventKind
  readonly attempt: number
  /** Why it failed; null: it has not. */
  readonly error: string | null
  readonly requestedBy: string | null
  /** The batch it is part of. */
  readonly parent: number | null
  readonly started: Date | null
  readonly finished: Date | null
}

export type TaskEventKind = 'finished' | 'failed' | 'cancelled' | 'retried'

/** What a plugin does when tasks end: `taskHooks: { failed: (djet, task) => … }`. */
export type TaskHooks = {
  readonly [kind in TaskEventKind]?: (djet: Djet, task: TaskEvent) => void | Promise<void>
}

declare module '../../core/index.ts' {
  interface Contributions {
    /**
     * Called in the process that ended a task, after its commit. Nobody waits for them, and what they throw is only
     * logged: a process that dies between takes them with it. What must happen is a task that runs after the other.
     */
    taskHooks?: TaskHooks
  }
}

const KINDS: readonly string[] = ['finished', 'failed', 'cancelled', 'retried'] satisfies TaskEventKind[]

/**
 * Looks at the hooks that plugins bring.
 * @throws {DjetError} HOOK_UNKNOWN for one that is never called
 */
export function checkHooks(registry: Pick<DjetApp, 'contributions'>): void {
  for (const { plugin, value } of registry.contributions('taskHooks')) {
    const odd = Object.keys(value).find((key) => !KINDS.includes(key))
    if (odd === undefined) continue
    const message = `plugin '${plugin.name}' has a hook for tasks that have '${odd}', which no task has.`
    throw new DjetError('HOOK_UNKNOWN', `${message}${didYouMean(odd, KINDS)} There are: ${KINDS.join(', ')}.`)
  }
}

/** Which attempt has ended. */
export interface EndedAttempt {
  readonly id: number
  readonly attempt: number
}

/** Tasks that wait to be told of; of more only the log says something. */
const MOST = 10_000

const EVENTS = {
  name: 'jobmachine.events',
  text: `
    select t.task_id as id, c.name as class, t.title, t.attempt, t.requested_by as "requestedBy", t.parent_id as parent,
      t.started, t.finished, case when t.status = 200 then null else a.error end as error,
      case t.status when 200 then 'finished' when 900 then case when t.cancelled then 'cancelled' else 'failed' end
        else 'retried' end as kind
    from unnest($1::bigint[], $2::int[]) with ordinality as e (task_id, attempt, n)
    join jobmachine.task t on t.task_id = e.task_id and t.attempt = e.attempt
    join jobmachine.class c on c.class_id = t.class_id
    left join jobmachine.attempt a on a.task_id = t.task_id and a.attempt = t.attempt
    where t.status in (0, 200, 900)
    order by e.n`,
}

class HookRunner {
  readonly #app: DjetApp
  readonly #hooks: readonly { readonly plugin: string; readonly hooks: TaskHooks }[]
  #waiting = 0
  #last: Promise<void> = Promise.resolve()

  constructor(app: DjetApp) {
    this.#app = app
    this.#hooks = app
      .contributions('taskHooks')
      .map(({ plugin, value }) => ({ plugin: plugin.name, hooks: value }))
  }

  get isNeeded(): boolean {
    return this.#hooks.length > 0
  }

  tell(ended: readonly EndedAttempt[]): void {
    if (this.#waiting + ended.length > MOST) {
      this.#app.log.warn(`hooks are not told of ${ended.length} tasks: too many wait already`)
      return
    }
    this.#waiting += ended.length
    this.#last = this.#last
      .then(() => this.#run(ended))
      .finally(() => {
        this.#waiting -= ended.length
      })
  }

  /** Resolves when all that was told has been done, or the time is up. */
  async idle(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await Promise.race([this.#last, new Promise((resolve) => (timer = setTimeout(resolve, ms)))])
    clearTimeout(timer)
  }

  async #run(ended: readonly EndedAttempt[]): Promise<void> {
    try {
      const values = [ended.map(({ id }) => id), ended.map(({ attempt }) => attempt)]
      for (const event of await this.#app.database.query<TaskEvent>(EVENTS, values)) await this.#each(event)
    } catch (error) {
      this.#app.log.warn(`hooks could not be told of tasks: ${messageOf(error)}`)
    }
  }

  async #each(event: TaskEvent): Promise<void> {
    for (const { plugin, hooks } of this.#hooks) {
      try {
        await hooks[event.kind]?.(this.#app.scope(), event)
      } catch (error) {
        this.#app.log.error(
          { err: error },
          `hook '${event.kind}' of plugin '${plugin}' failed for task ${event.id}`,
        )
      }
    }
  }
}

const runners = new WeakMap<DjetApp, HookRunner>()

function runnerOf(app: DjetApp): HookRunner {
  const runner = runners.get(app) ?? new HookRunner(app)
  runners.set(app, runner)
  return runner
}

/** Whether any plugin wants to be told. */
export function hasHooks(app: DjetApp): boolean {
  return runnerOf(app).isNeeded
}

/** Tells the hooks of attempts that have ended. Call it after the commit; it returns at once. */
export function tellHooks(app: DjetApp, ended: readonly EndedAttempt[]): void {
  if (ended.length > 0 && hasHooks(app)) runnerOf(app).tell(ended)
}

/** Waits for hooks that are under way, `ms` milliseconds at most. */
export async function hooksIdle(app: DjetApp, ms: number): Promise<void> {
  if (hasHooks(app)) await runnerOf(app).idle(ms)
}
