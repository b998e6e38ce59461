import type { Connection } from '../../../core/index.ts'

/** What runs a statement of the queue: the site's database, a transaction, or a worker's own session. */
export type Runner = Pick<Connection, 'query'>

/** First half of the advisory lock a worker's session holds; the second is its id. */
export const WORKER_LOCK = 0x6a6d
/** Second half of the lock of whoever does the housekeeping (the first is 0x6a6e). */
export const HOUSEKEEPING_LOCK = [0x6a6e, 1] as const

/** Channels of NOTIFY. `jobmachine`: there are new tasks. */
export const CHANNEL = {
  wake: 'jobmachine',
  /** A task was cancelled; payload: its id. */
  cancel: 'jobmachine_cancel',
  /** Something of a task changed that its page shows; payload: its id. */
  task: 'jobmachine_task',
} as const
