import type { Djet } from '../../../core/index.ts'
import type { Status } from '../status.ts'
import { type ProgressView, type ResultView, type TaskView, taskView } from '../view.ts'

/** What somebody sees of a task that was done for him: nothing of the machine, nothing of other tasks. */
export interface OwnTask {
  readonly id: number
  readonly title: string | null
  readonly status: Status
  readonly cancelled: boolean
  readonly created: Date
  /** The number Infinity: never. */
  readonly runAfter: Date | number
  readonly started: Date | null
  readonly finished: Date | null
  readonly progress: ProgressView | null
  readonly results: readonly ResultView[]
  /** Why it failed, in one text; null while it has not, and for guests. */
  readonly error: string | null
}

/** A task as who asked for it sees it; null when there is none. A guest with a link is told less. */
export async function ownTask(djet: Djet, id: number, isGuest: boolean): Promise<OwnTask | null> {
  const task = await taskView(djet, id)
  return task && reduced(task, isGuest)
}

function reduced(task: TaskView, isGuest: boolean): OwnTask {
  const { id, title, status, cancelled, created, runAfter, started, finished, progress, results } = task
  const error = status === 'failed' && !isGuest ? (task.attempts.at(-1)?.error ?? null) : null
  return { id, title, status, cancelled, created, runAfter, started, finished, progress, results, error }
}
