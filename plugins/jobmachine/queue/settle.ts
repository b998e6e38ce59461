import type { EndedAttempt } from '../hooks.ts'
import { settleBatches } from './batch.ts'
import type { Ended } from './end.ts'
import type { Runner } from './runner.ts'

/** Whom the end of tasks concerns: their batches, and those others wait for. */
export type Over = Pick<Ended, 'parents' | 'needed'>

const RELEASE = {
  name: 'jobmachine.release_some',
  text: 'select to_json(parents) as parents, lost, to_json(next) as next from jobmachine.release_some($1, $2, $3)',
}

/** Tasks that one statement lets run, or fails, at most. */
const MOST = 5000

/**
 * What follows the end of tasks, after its commit: tasks that waited for them may run, or fail, and batches end
 * whose last task it was, which others may wait for in turn.
 *
 * @param retention milliseconds that what ends here is kept
 * @returns what ended by this: batches, and tasks that failed since one they waited for did
 */
export async function settle(runner: Runner, ended: Over, retention: number): Promise<EndedAttempt[]> {
  const followed: EndedAttempt[] = []
  let parents = new Set(ended.parents)
  let needed = ended.needed
  while (parents.size > 0 || needed.length > 0) {
    while (needed.length > 0) {
      const [row] = await runner.query<Released>(RELEASE, [needed, retention, MOST])
      for (const parent of row!.parents) parents.add(parent)
      for (const [id, attempt] of row!.lost) followed.push({ id, attempt })
      needed = row!.next
    }
    const batches = await settleBatches(runner, [...parents], retention)
    followed.push(...batches.map(({ id, attempt }) => ({ id, attempt })))
    needed = batches.filter((batch) => batch.dependents).map((batch) => batch.id)
    parents = new Set()
  }
  return followed
}

interface Released {
  /** Batches of tasks that failed. */
  readonly parents: readonly number[]
  /** Tasks that failed: id and attempt. */
  readonly lost: readonly (readonly [number, number])[]
  /** For the next call. */
  readonly next: readonly number[]
}

/** Tasks that are over while others still wait for them: their worker died before it could say so. */
export async function overlooked(runner: Runner): Promise<number[]> {
  const rows = await runner.query<{ id: number }>({
    name: 'jobmachine.overlooked',
    text: `
      select distinct d.after_id as id
      from jobmachine.dependency d left join jobmachine.task t on t.task_id = d.after_id
      where not d.done and (t.task_id is null or t.status = 200
        or (t.status = 900 and (d.if_failed = 'run'
          or (d.if_failed = 'fail' and exists (
            select from jobmachine.task w where w.task_id = d.task_id and w.status = 0)))))
      limit 1000`,
  })
  return rows.map((row) => row.id)
}
