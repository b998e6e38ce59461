import { retryDelay } from '../backoff.ts'
import type { EndedAttempt } from '../hooks.ts'
import type { AnyJob } from '../job.ts'
import { keptFor, type Retention } from '../kept.ts'
import { type Ended, type Failed, fail } from './end.ts'
import { giveBack, type Held, heldBy } from './hold.ts'
import type { Runner } from './runner.ts'

/** What is needed of a job to decide whether a task goes on; a class without a job gets the defaults. */
type Policy = Pick<AnyJob, 'retries' | 'backoff' | 'retention'>

const DEFAULT_POLICY: Policy = { retries: 3, backoff: 2000, retention: undefined }

/** What all those begin with whose worker is dead; what it died of may follow. */
export const WORKER_DIED = 'worker died'

/** Jobs by class id, and how long tasks are kept unless their job says otherwise. */
export interface Policies {
  readonly jobs: ReadonlyMap<number, Policy>
  readonly retention: Retention
}

/**
 * Ends a worker that is dead for sure: tasks named in `blamed` have failed with that message, the others go back
 * as if never claimed, or fail with `others`.
 *
 * @returns what to settle, and whom to tell hooks of, after the commit
 */
export async function reapWorker(
  runner: Runner,
  policies: Policies,
  workerId: number,
  blamed: ReadonlyMap<number, string>,
  others?: string,
): Promise<Pick<Ended, 'parents' | 'needed'> & { readonly failed: readonly EndedAttempt[] }> {
  await runner.query('update jobmachine.worker set ended = now() where worker_id = $1 and ended is null', [
    workerId,
  ])
  const failed = (await heldBy(runner, workerId)).flatMap((task) => {
    const error = blamed.get(task.id) ?? others
    return error === undefined ? [] : [failure(policies, task, error)]
  })
  const over = failed.length > 0 ? await fail(runner, workerId, failed) : { parents: [], needed: [] }
  await giveBack(runner, workerId, [])
  if (failed.length > 0) await runner.query("select pg_notify('jobmachine', '')")
  return { ...over, failed }
}

function failure(policies: Policies, task: Held, error: string): Failed {
  const policy = policies.jobs.get(task.classId) ?? DEFAULT_POLICY
  const last = task.attempt >= (task.maxAttempts ?? policy.retries + 1)
  const delay = error.startsWith(WORKER_DIED) && task.attempt === 1 ? 0 : retryDelay(policy, task.attempt)
  return {
    id: task.id,
    turn: task.turn,
    attempt: task.attempt,
    ran: 0,
    error,
    stack: null,
    delay: last ? null : delay,
    retention: keptFor('failed', policy.retention, policies.retention),
  }
}

/** Milliseconds without a sign of its process after which a worker is taken for dead. */
const LEASE = 10_000

const SUSPECTS = {
  name: 'jobmachine.suspects',
  text: `
    select w.worker_id as id, w.seen < now() - $2 * interval '1 millisecond' as stale
    from jobmachine.worker w
    where w.ended is null
      -- After a restart of the server everyone has lost the lock: leave them time to come back.
      and pg_postmaster_start_time() < now() - $3 * interval '1 millisecond'
      and (w.seen < now() - $2 * interval '1 millisecond' or not exists (
        select from pg_locks l
        where l.locktype = 'advisory' and l.classid = $1 and l.objid = w.worker_id::oid and l.objsubid = 2
          and l.database = (select d.oid from pg_database d where d.datname = current_database())))`,
}

/** A worker whose session is gone, or (stale) that has not been seen for too long. */
export interface Suspect {
  readonly id: number
  readonly stale: boolean
}

/**
 * Workers that do not look alive. One without its lock may be connecting again: look twice.
 *
 * @param settled milliseconds the server must have been up
 */
export async function suspects(runner: Runner, lock: number, settled = 6000): Promise<Suspect[]> {
  return runner.query<Suspect>(SUSPECTS, [lock, LEASE, settled])
}

const END_SESSIONS = {
  name: 'jobmachine.end_sessions',
  text: `
    select pg_terminate_backend(a.pid)
    from pg_locks l join pg_stat_activity s on s.pid = l.pid
    join pg_stat_activity a on a.application_name = s.application_name
      and a.client_addr is not distinct from s.client_addr and a.datid = s.datid
    where l.locktype = 'advisory' and l.classid = $1 and l.objid = $2::int::oid and l.objsubid = 2
      and l.database = s.datid and s.datname = current_database()`,
}

/**
 * Ends what a worker that is dead, or stands still, has left open at the server: a transaction of its own might hold
 * a task that others are to have. What its thread has open through a pooler is not known.
 */
export async function endSessions(runner: Runner, lock: number, workerId: number): Promise<void> {
  await runner.query(END_SESSIONS, [lock, workerId])
}

/** Says that the workers of this process live. @returns those that still count as alive */
export async function beat(runner: Runner, workerIds: readonly number[]): Promise<number[]> {
  const rows = await runner.query<{ id: number }>(
    {
      name: 'jobmachine.beat',
      text: `update jobmachine.worker set seen = now() where worker_id = any ($1::int[]) and ended is null
        returning worker_id as id`,
    },
    [workerIds],
  )
  return rows.map((row) => row.id)
}
