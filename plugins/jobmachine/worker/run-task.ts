import { performance } from 'node:perf_hooks'
import type { DjetApp } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'
import { attemptsOf, retryDelay } from '../backoff.ts'
import { TaskAborted, worthRetrying } from '../error.ts'
import { type AnyJob, readParams } from '../job.ts'
import type { Claimed } from '../queue/claim.ts'
import { wrapped } from '../queue/report.ts'
import type { Ends } from './ends.ts'
import { AttemptHandle, type HandleParts } from './handle.ts'

/** Milliseconds after which the end of a task is worth telling the pages that show it. */
const NOTICEABLE = 200

export interface RunParts extends HandleParts {
  readonly app: DjetApp
  readonly ends: Ends
  /** Milliseconds tasks are kept unless their job says otherwise. */
  readonly retention: number
}

/**
 * Runs one attempt of a task and hands its end over to be written. Never throws.
 * @returns milliseconds it took
 */
export async function runTask(
  parts: RunParts,
  job: AnyJob,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<number> {
  const began = performance.now()
  const handle = new AttemptHandle(parts, claimed, job.name, signal)
  const retention = job.retention ?? parts.retention
  const { id, turn, attempt } = claimed
  try {
    const params = readParams(job, claimed.parameters)
    const djet = parts.app.scope({
      signal,
      add: { task: handle },
      origin: { door: 'job', via: `task ${handle.id}` },
    })
    const value: unknown = await job.run(djet, params)
    const result = value === undefined ? null : wrapped(value)
    const took = performance.now() - began
    if (handle.told) await parts.reporter.flush()
    parts.ends.finished(claimed, {
      id,
      turn,
      attempt,
      ran: took,
      result,
      retention,
      announce: handle.told || took > NOTICEABLE,
    })
    return took
  } catch (thrown) {
    const error: unknown = signal.aborted && signal.reason instanceof TaskAborted ? signal.reason : thrown
    if (handle.told) await parts.reporter.flush()
    if (error instanceof TaskAborted && (error.why === 'lost' || error.why === 'stopping')) {
      return performance.now() - began
    }
    const last =
      attempt >= attemptsOf(claimed, job) ||
      !(error instanceof TaskAborted ? error.why === 'timeout' : worthRetrying(error))
    const delay = last ? null : retryDelay(job, attempt)
    const took = performance.now() - began
    parts.ends.failed(claimed, {
      id,
      turn,
      attempt,
      ran: took,
      retention,
      delay,
      error: textOf(error),
      stack: thrown instanceof Error ? (thrown.stack ?? null) : null,
    })
    return took
  }
}

function textOf(error: unknown): string {
  return messageOf(error).replaceAll('\0', '') || 'failed without a message'
}
