import type { Retention } from '../kept.ts'
import type { Outcome } from './attempt.ts'
import type { Order, Reason } from './process/messages.ts'

/** What a thread is started with. */
export interface ThreadData {
  /** Folder of the site. */
  readonly dir: string
  readonly databaseUrl: string
  /** The same without a pooler in between. */
  readonly directUrl: string
  /** Number of the thread in its process, from 1. */
  readonly thread: number
  readonly slots: SharedArrayBuffer
  /** Classes it runs; undefined: all the site knows. */
  readonly classes: readonly string[] | undefined
  /** How long tasks are kept unless their job says otherwise. */
  readonly retention: Retention
  /** Claim ahead of what can start now, and write ends together. */
  readonly prefetch: boolean
  /** How far it steps back for the main thread, 0 to 19. */
  readonly nice: number
}

/** From the main thread to a worker thread. */
export type ToThread =
  /** Claim nothing more, let running tasks go on for `grace` milliseconds, then end. */
  | { readonly type: 'stop'; readonly grace: number }
  | { readonly type: 'ping'; readonly n: number }
  /** There may be tasks. */
  | { readonly type: 'wake' }
  /** A basetype made on the site was changed. */
  | { readonly type: 'basetypes' }
  /** Somebody cancelled this task. */
  | { readonly type: 'cancel'; readonly id: number }
  /** The worker id was given up for dead: take a new one. */
  | { readonly type: 'lost'; readonly workerId: number }
  /** The function of an attempt in a process begins; the attempt is over. */
  | { readonly type: 'began'; readonly run: number }
  | { readonly type: 'outcome'; readonly run: number; readonly outcome: Outcome }

/** From a worker thread to the main thread. */
export type FromThread =
  | { readonly type: 'worker'; readonly workerId: number }
  | { readonly type: 'pong'; readonly n: number }
  /** A database connection was lost or refused: the process tells the log, once for all its threads. */
  | { readonly type: 'notice'; readonly reason: string }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'stopped' }
  /** Run this attempt in a process; end it. */
  | { readonly type: 'order'; readonly order: Order }
  | { readonly type: 'abandon'; readonly run: number; readonly reason: Reason }
