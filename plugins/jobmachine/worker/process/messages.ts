import type { TaskAborted } from '../../error.ts'
import type { Retention } from '../../kept.ts'
import type { Claimed } from '../../queue/claim.ts'
import type { Outcome } from '../attempt.ts'

/** One attempt that is to run in a process. */
export interface Order {
  /** Number of the order, for its thread. */
  readonly run: number
  readonly job: string
  readonly claimed: Claimed
  /** Time limit, milliseconds from the start of the function. */
  readonly limit: number
  /** Bytes the process may use; undefined: no limit. */
  readonly memory: number | undefined
}

/** Why an attempt is to end. */
export type Reason = Pick<TaskAborted, 'why' | 'message'>

/** What a process is started with. */
export interface ProcessData {
  /** Folder of the site. */
  readonly dir: string
  readonly databaseUrl: string
  /** The same without a pooler in between. */
  readonly directUrl: string
  /** How long tasks are kept unless their job says otherwise. */
  readonly retention: Retention
}

export type ToProcess =
  | { readonly type: 'open'; readonly data: ProcessData }
  | { readonly type: 'run'; readonly order: Order }
  | { readonly type: 'abort'; readonly reason: Reason }
  | { readonly type: 'end' }

export type FromProcess =
  /** The site is open. */
  | { readonly type: 'ready' }
  /** It could not be opened. */
  | { readonly type: 'failed'; readonly message: string }
  /** A database connection was lost or refused: the process that started it tells the log, once for all. */
  | { readonly type: 'notice'; readonly reason: string }
  /** The function begins. */
  | { readonly type: 'began' }
  /** `resident`: bytes of memory it keeps. */
  | { readonly type: 'ran'; readonly outcome: Outcome; readonly resident: number }
