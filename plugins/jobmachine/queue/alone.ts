import type { Holder } from './report.ts'
import type { Runner } from './runner.ts'

/** First half of the advisory lock of a transactional task's transaction; the second is its id. */
const TASK_LOCK = 0x6a70
/** What `idle_in_transaction_session_timeout` holds, milliseconds. */
const LONGEST = 2_147_483_647
/** Milliseconds between the end of a task and the commit. */
const COMMIT_WITHIN = 5000

const END_EARLIER = {
  name: 'jobmachine.end_earlier',
  text: `
    with mine as materialized (
      select task_id from jobmachine.task where task_id = $2 and turn = $3 and status + 0 in (0, 100)
    ), ended as materialized (
      select l.pid, pg_terminate_backend(l.pid)
      from mine m, pg_locks l
      where l.locktype = 'advisory' and l.classid = $1::int::oid and l.objid = ($2::bigint % 2147483647)::int::oid
        and l.objsubid = 2 and l.granted and l.pid <> pg_backend_pid()
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
    )
    select (select count(*)::int from mine) as mine, (select count(*)::int from ended) as ended`,
}

const BEGIN = {
  name: 'jobmachine.begin_alone',
  text: `
    select pg_advisory_xact_lock($1, ($2::bigint % 2147483647)::int)::text,
      set_config('idle_in_transaction_session_timeout', $3, true)`,
}

const IDLE = {
  name: 'jobmachine.commit_within',
  text: `select set_config('idle_in_transaction_session_timeout', $1, true)`,
}

/**
 * Makes the transaction that was just begun the only one of its task. One of an earlier turn may still be open: of a
 * worker that is frozen, or whose statement the server is still carrying out. It is ended, lest this one wait for
 * its locks.
 *
 * @param limit milliseconds the task may take: the server ends the transaction of a worker that goes silent
 * @returns false when the task is no longer the holder's
 */
export async function beginAlone(runner: Runner, holder: Holder, limit: number): Promise<boolean> {
  if (holder.turn > 0) {
    const [row] = await runner.query<{ mine: number }>(END_EARLIER, [TASK_LOCK, holder.id, holder.turn])
    if (row?.mine !== 1) return false
  }
  await runner.query(BEGIN, [TASK_LOCK, holder.id, String(Math.min(limit + COMMIT_WITHIN, LONGEST))])
  return true
}

/** From here to the commit is but a moment: a worker that is frozen in it must not hold up who takes its tasks. */
export async function commitWithin(runner: Runner): Promise<void> {
  await runner.query(IDLE, [String(COMMIT_WITHIN)])
}
