/**
 * How a queue is to work off what waits:
 * - `fastest`: its fastest documented setting, each task settled for itself
 * - `whole`: faster where a batch may succeed or fail as one
 * - `unbatched`: one claim and one completion a task, ten at any time
 * - `idle`: so that a task that comes alone starts soonest
 */
export type Setting = 'fastest' | 'whole' | 'unbatched' | 'idle'

/** Epoch milliseconds with fractions, the same for all processes and threads of a machine. */
export const now = (): number => performance.timeOrigin + performance.now()

/** That tasks were run: how many, and when the first of them began and was sent. */
export interface Ran {
  readonly tasks: number
  /** Epoch milliseconds. */
  readonly first: number
  /** Milliseconds from being sent to being started, of each task whose time of sending was told. */
  readonly waited: readonly number[]
}

/** A queue as the bench uses it: ours or one of the peers, in a process of its own. */
export interface Queue {
  /** Its workers take long to start, so they stay, and are idle until a backlog is committed. */
  readonly standing: boolean
  /** Makes its tables, and what is needed to send. */
  prepare(databaseUrl: string): Promise<void>
  /** Forgets all tasks, and has PostgreSQL look at the empty tables. */
  clear(): Promise<void>
  /** Sends tasks by its quickest way for many, 5,000 a call; `atOnce`: workers see none of them, then all. */
  sendMany(tasks: number, atOnce?: boolean): Promise<void>
  /** Sends one task that says when it was sent. */
  sendOne(sent: number): Promise<unknown>
  /** Has PostgreSQL look at the tables as they are, before workers start. */
  analyze(): Promise<void>
  /** Starts workers; tells of tasks that were run. */
  work(setting: Setting, tell: (ran: Ran) => void): Promise<void>
  /** Stops the workers, unless they stay. */
  rest(): Promise<void>
  /** Whether a task is waiting or running. */
  anyLeft(): Promise<boolean>
  stop(): Promise<void>
}
