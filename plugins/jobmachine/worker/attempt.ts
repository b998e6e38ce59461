import { performance } from 'node:perf_hooks'
import type { DjetApp } from '../../../core/index.ts'
import { TaskAborted, worthRetrying } from '../error.ts'
import { type AnyJob, readParams } from '../job.ts'
import type { Retention } from '../kept.ts'
import type { Claimed } from '../queue/claim.ts'
import { wrapped } from '../queue/report.ts'
import type { Over } from '../queue/settle.ts'
import { wordsOfThrown } from '../thrown.ts'
import { AttemptHandle, type HandleParts } from './handle.ts'
import { inTransaction, isConflict } from './in-transaction.ts'

export interface AttemptParts extends HandleParts {
  readonly app: DjetApp
  /** How long tasks are kept unless their job says otherwise. */
  readonly retention: Retention
}

/** How the function of a task ended. Plain data: it may come from another process. */
export type Outcome =
  /** Its end is still to be written. `result`: JSON text, as stored; null: none. `announce`: tell pages that show it. */
  | { readonly end: 'done'; readonly ran: number; readonly result: string | null; readonly announce: boolean }
  /** Its end has been committed with all it did. */
  | { readonly end: 'committed'; readonly ran: number; readonly over: Over }
  /** The task was another's meanwhile; nothing of it is kept. */
  | { readonly end: 'lost'; readonly ran: number }
  | {
      readonly end: 'failed'
      readonly ran: number
      readonly error: string
      readonly stack: string | null
      /** Another attempt may succeed; `soon`: at once, since only another transaction was in the way. */
      readonly again: boolean
      readonly soon: boolean
    }

/**
 * Runs the function of a task in this thread. Never throws.
 * @param source asked for its signal when the function wants it
 */
export async function runAttempt(
  parts: AttemptParts,
  job: AnyJob,
  claimed: Claimed,
  source: { readonly signal: AbortSignal },
): Promise<Outcome> {
  const began = performance.now()
  const handle = new AttemptHandle(parts, claimed, job.name, source)
  try {
    await parts.app.basetypesKnown
    const params = readParams(job, claimed.parameters)
    const djet = parts.app.scope({
      signal: () => source.signal,
      add: { task: handle },
      origin: { door: 'job', via: `task ${handle.id}` },
    })
    if (job.transactional) return await inTransaction(parts, job, claimed, handle, djet, params)
    const value: unknown = await job.run(djet, params)
    const result = value === undefined ? null : wrapped(value)
    const ran = performance.now() - began
    if (handle.told) await parts.reporter.flush()
    return { end: 'done', ran, result, announce: handle.isWorthTelling(ran) }
  } catch (thrown) {
    if (handle.told) await parts.reporter.flush()
    const ran = performance.now() - began
    if (thrown instanceof TaskAborted && thrown.why === 'lost') return { end: 'lost', ran }
    const soon = job.transactional && isConflict(thrown)
    return {
      end: 'failed',
      ran,
      ...wordsOfThrown(thrown),
      again: soon || worthRetrying(thrown),
      soon,
    }
  }
}
