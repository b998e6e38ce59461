import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Djet } from '../../../core/index.ts'
import { DjetError, messageOf } from '../../../core/index.ts'
import { TaskAborted } from '../error.ts'
import type { AnyJob } from '../job.ts'
import { keptFor } from '../kept.ts'
import { beginAlone, commitWithin } from '../queue/alone.ts'
import type { Claimed } from '../queue/claim.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { type Done, type Ended, finish } from '../queue/end.ts'
import { wrapped } from '../queue/report.ts'
import type { AttemptParts, Outcome } from './attempt.ts'
import type { AttemptHandle } from './handle.ts'

/** Milliseconds between two tries to begin. */
const PAUSE = 1000

/**
 * Runs the function of a transactional job and commits what it did together with the end of its task, provided that
 * the task is still this turn's. Otherwise all of it is rolled back.
 *
 * @throws what the function throws; TaskAborted 'lost'
 */
export async function inTransaction(
  parts: AttemptParts,
  job: AnyJob,
  claimed: Claimed,
  handle: AttemptHandle,
  djet: Djet,
  params: unknown,
): Promise<Outcome> {
  const began = performance.now()
  let ended: Ended | undefined
  let committed = false
  let ran = 0
  try {
    await whenReachable(djet, async (djet) => {
      // Before what the function asks to be done then: it comes first, and whatever fails later is after the commit.
      await djet.afterCommit(() => {
        committed = true
      })
      if (!(await beginAlone(djet, claimed, claimed.timeout ?? job.timeout))) throw lost(claimed)
      handle.inside(djet)
      const value: unknown = await job.run(djet, params)
      handle.inside(undefined)
      const result = value === undefined ? null : wrapped(value)
      ran = performance.now() - began
      if (handle.told) await parts.reporter.flush()
      const { id, turn, attempt, workerId } = claimed
      const retention = keptFor('finished', job.retention, parts.retention)
      const announce = handle.isWorthTelling(ran)
      ended = await finishTogether(djet, workerId, { id, turn, attempt, ran, retention, result, announce })
      if (ended.n === 0) throw lost(claimed)
    })
  } catch (error) {
    if (!committed) throw error
    parts.app.log.warn(
      `task ${claimed.id} is done; what was to follow its commit failed: ${messageOf(error)}`,
    )
  } finally {
    handle.inside(undefined)
  }
  const { parents, needed } = ended!
  return { end: 'committed', ran, over: { parents, needed } }
}

/**
 * A transaction that waits until it can begin, up to the task's time limit: that there is no connection to be had, as
 * when those of the server are all in use, is not the function's fault.
 */
async function whenReachable(djet: Djet, work: (djet: Djet) => Promise<void>): Promise<void> {
  let begun = false
  while (!begun) {
    try {
      return await djet.transaction((djet) => {
        begun = true
        return work(djet)
      })
    } catch (error) {
      if (begun || !isConnectionError(error)) throw error
      await sleep(PAUSE, undefined, { signal: djet.signal })
    }
  }
}

async function finishTogether(djet: Djet, workerId: number, done: Done): Promise<Ended> {
  try {
    await commitWithin(djet)
    return await finish(djet, workerId, [done])
  } catch (error) {
    if (codeOf(error) !== '25P02') throw error
    throw new DjetError(
      'TRANSACTION_ABORTED',
      'one of its statements failed and the error was caught without a savepoint. Wrap that statement in a ' +
        'transaction of its own (djet.transaction).',
      { cause: error },
    )
  }
}

function lost({ id, attempt }: Claimed): TaskAborted {
  return new TaskAborted('lost', `task ${id} is no longer attempt ${attempt} of this worker`)
}

/** Whether PostgreSQL ended the transaction for the sake of another: a deadlock, or a serialization failure. */
export function isConflict(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const code = codeOf(at)
    if (code === '40001' || code === '40P01') return true
  }
  return false
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
