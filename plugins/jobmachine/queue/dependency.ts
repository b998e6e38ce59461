import type { Djet } from '../../../core/index.ts'
import { DjetError } from '../../../core/index.ts'

/** What becomes of a task when one that it waits for fails for good. */
export type IfFailed = 'fail' | 'run' | 'wait'

const KINDS: readonly string[] = ['fail', 'run', 'wait']

/** Tasks that others are about to wait for, as they are and stay until the end of the transaction. */
export interface Upstream {
  readonly ids: readonly number[]
  /** Those that have finished. */
  readonly done: readonly boolean[]
  /** Those that have failed. */
  readonly failed: readonly number[]
  /** How many have not finished. */
  readonly open: number
}

/**
 * Locks tasks that others are to wait for, so that none of them ends unseen.
 * @throws {DjetError} TASK_NOT_FOUND, 404
 */
export async function lockUpstream(djet: Djet, wanted: readonly number[]): Promise<Upstream> {
  const ids = [...new Set(wanted)]
  const rows = await djet.query<{ id: number; status: number }>(
    {
      name: 'jobmachine.lock_upstream',
      text: `
        with locked as materialized (
          select task_id, status from jobmachine.task where task_id = any ($1::bigint[])
          order by task_id for no key update
        ), marked as (
          update jobmachine.task t set dependents = true from locked l where t.task_id = l.task_id and not t.dependents
        )
        select task_id as id, status from locked`,
    },
    [ids],
  )
  const status = new Map(rows.map((row) => [row.id, row.status]))
  const missing = ids.find((id) => !status.has(id))
  if (missing !== undefined) {
    throw new DjetError('TASK_NOT_FOUND', `there is no task ${missing} to wait for.`, { status: 404 })
  }
  return {
    ids,
    done: ids.map((id) => status.get(id) === 200),
    failed: ids.filter((id) => status.get(id) === 900),
    open: ids.filter((id) => status.get(id) !== 200).length,
  }
}

/** Writes what new tasks wait for, in the transaction that makes them. */
export async function writeDependencies(
  djet: Djet,
  tasks: readonly number[],
  upstream: Upstream,
  ifFailed: IfFailed,
): Promise<void> {
  await djet.query(
    {
      name: 'jobmachine.depend',
      text: `
        insert into jobmachine.dependency (task_id, after_id, if_failed, done)
        select t, a.id, $2, a.done
        from unnest($1::bigint[]) as t, unnest($3::bigint[], $4::bool[]) as a (id, done)`,
    },
    [tasks, ifFailed, upstream.ids, upstream.done],
  )
}

/**
 * The word for what happens when one fails.
 * @throws {DjetError} JOB_INVALID
 */
export function checkIfFailed(word: string): IfFailed {
  if (KINDS.includes(word)) return word as IfFailed
  throw new DjetError('JOB_INVALID', `ifFailed is '${word}'; use one of ${KINDS.join(', ')}.`)
}

/** A task that another waits for, or that waits for it. */
export interface Dependency {
  readonly id: number
  readonly class: string
  readonly title: string | null
  readonly status: number
  readonly ifFailed: IfFailed
}

/** Tasks that a task waited or waits for, and the first hundred that wait for it. */
export async function dependenciesOf(
  djet: Djet,
  id: number,
): Promise<{ after: Dependency[]; before: Dependency[] }> {
  const columns = `t.task_id as id, c.name as class, left(t.title, 300) as title, t.status, d.if_failed as "ifFailed"`
  const after = await djet.query<Dependency>(
    `select ${columns} from jobmachine.dependency d
     join jobmachine.task t on t.task_id = d.after_id join jobmachine.class c using (class_id)
     where d.task_id = $1 order by t.task_id limit 100`,
    [id],
  )
  const before = await djet.query<Dependency>(
    `select ${columns} from jobmachine.dependency d
     join jobmachine.task t on t.task_id = d.task_id join jobmachine.class c using (class_id)
     where d.after_id = $1 and not d.done order by t.task_id limit 100`,
    [id],
  )
  return { after, before }
}
