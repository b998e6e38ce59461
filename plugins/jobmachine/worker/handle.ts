import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import type { Djet, DjetApp, StoredFile } from '../../../core/index.ts'
import { DjetError, messageOf } from '../../../core/index.ts'
import { beBrief } from '../queue/brief.ts'
import { type Holder, writeResult, writeResultTogether } from '../queue/report.ts'
import type { Runner } from '../queue/runner.ts'
import type { FileContent, LogLevel, TaskHandle } from '../task-handle.ts'
import type { Reporter } from './reporter.ts'

/** Milliseconds after which the end of a task is worth telling the pages that show it. */
const NOTICEABLE = 200

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** What the handles of a thread share. */
export interface HandleParts {
  readonly app: DjetApp
  readonly runner: Runner
  /** The time of day by the database's clock. */
  readonly now: () => Date
  readonly reporter: Reporter
}

/** `djet.task` of one attempt. All it writes is refused once the task is no longer this attempt's. */
export class AttemptHandle implements TaskHandle {
  readonly id: number
  readonly class: string
  readonly attempt: number
  /** Whether pages that show the task have something new to show. */
  told = false
  readonly #parts: HandleParts
  readonly #holder: Holder
  readonly #source: { readonly signal: AbortSignal }
  #inside: Djet | undefined

  constructor(
    parts: HandleParts,
    holder: Holder,
    className: string,
    source: { readonly signal: AbortSignal },
  ) {
    this.#parts = parts
    this.#holder = { id: holder.id, turn: holder.turn, attempt: holder.attempt }
    this.id = holder.id
    this.class = className
    this.attempt = holder.attempt
    this.#source = source
  }

  /** From now on results and files are written in that transaction; undefined: at once, beside any. */
  inside(djet: Djet | undefined): void {
    this.#inside = djet
  }

  /** Whether pages that show the task are to be told of its end, after so many milliseconds. */
  isWorthTelling(ran: number): boolean {
    return this.told || ran > NOTICEABLE
  }

  get signal(): AbortSignal {
    return this.#source.signal
  }

  progress(done: number, total?: number, note?: string): void {
    this.told = true
    this.#parts.reporter.progress({ ...this.#holder, done, total: total ?? null, note: note ?? null })
  }

  log(message: string, level: LogLevel = 'info'): void {
    this.told = true
    const text = typeof message === 'string' ? message : messageOf(message)
    const known = LOG_LEVELS.includes(level) ? level : 'info'
    this.#parts.reporter.line({ ...this.#holder, message: text, level: known, at: this.#parts.now() })
  }

  async result(value: unknown): Promise<void> {
    this.told = true
    const kept = await (this.#inside
      ? writeResultTogether(this.#inside, this.#holder, value, 'application/json', null)
      : writeResult(this.#parts.runner, this.#holder, value, 'application/json', null))
    if (!kept) throw this.#lost()
  }

  async file(name: string, type: string, content: FileContent): Promise<StoredFile> {
    this.told = true
    // One that breaks before it is read would end the thread; whoever reads it is told.
    if (content instanceof Readable) content.on('error', () => {})
    if (this.#inside) return await this.#fileTogether(this.#inside, name, type, content)
    // Its own scope: the file is kept even when a transaction of the caller is rolled back later.
    const djet = this.#parts.app.scope()
    const stored = await djet.files.write({ name: basename(name), type, content: open(content) })
    try {
      await djet.transaction(async (djet) => {
        await beBrief(djet)
        const data = { name: stored.name, type: stored.type, size: stored.size }
        if (!(await writeResult(djet, this.#holder, data, stored.type, stored.id))) throw this.#lost()
        await djet.files.keep(stored.id)
      })
    } catch (error) {
      await djet.files.delete(stored.id).catch(() => {})
      throw error
    }
    return stored
  }

  /** A savepoint: a stream that breaks leaves the transaction as it was. */
  #fileTogether(djet: Djet, name: string, type: string, content: FileContent): Promise<StoredFile> {
    return djet.transaction(async (djet) => {
      const stored = await djet.files.write({ name: basename(name), type, content: open(content) })
      const data = { name: stored.name, type: stored.type, size: stored.size }
      if (!(await writeResultTogether(djet, this.#holder, data, stored.type, stored.id))) throw this.#lost()
      await djet.files.keep(stored.id)
      return stored
    })
  }

  #lost(): DjetError {
    return new DjetError(
      'TASK_LOST',
      `task ${this.id} is no longer attempt ${this.attempt} of this worker.`,
      {
        status: 409,
      },
    )
  }
}

function open(content: FileContent): Readable | Uint8Array | string {
  if (typeof content === 'string' || content instanceof Uint8Array || content instanceof Readable)
    return content
  return createReadStream(content.path)
}
