import type { Readable } from 'node:stream'
import type { StoredFile } from '../../core/index.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Bytes of a file result: a stream, bytes, text, or a file on this machine by its path. */
export type FileContent = Readable | Uint8Array | string | { readonly path: string }

/**
 * The task a model function runs for: `djet.task`, undefined in a request or command. Once the task has been
 * taken from its worker (a time limit, a lost connection) nothing written through it is kept.
 *
 * @example
 * export async function importRows(djet: Djet, { rows }: { rows: Row[] }) {
 *   for (const [n, row] of rows.entries()) {
 *     djet.signal.throwIfAborted()
 *     await importRow(djet, row)
 *     djet.task?.progress(n + 1, rows.length)
 *   }
 * }
 */
export interface TaskHandle {
  readonly id: number
  readonly class: string
  /** Counts from 1. */
  readonly attempt: number
  /** Aborts at the time limit, when the task is cancelled, and when the worker stops. Same as `djet.signal`. */
  readonly signal: AbortSignal
  /** Shows how far it is. Call it as often as you like: it is written a few times a second. */
  progress(done: number, total?: number, note?: string): void
  /** A line of the task's log, at most 10,000 characters. */
  log(message: string, level?: LogLevel): void
  /** Stores a result at once. What the function returns becomes one more. @throws {DjetError} TASK_LOST, 409 */
  result(value: unknown): Promise<void>
  /** Stores a file as a result, streamed. @throws {DjetError} TASK_LOST, 409 */
  file(name: string, type: string, content: FileContent): Promise<StoredFile>
}
