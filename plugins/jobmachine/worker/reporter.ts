import type { Logger } from 'pino'
import { clock } from '../clock.ts'
import { type LogLine, type ProgressNote, writeLog, writeProgress } from '../queue/report.ts'
import type { Runner } from '../queue/runner.ts'
import { storable } from '../thrown.ts'

/** Milliseconds between two writes. */
const PAUSE = 250
/** Lines that may wait; a task that logs faster than they are written loses the rest. */
const MOST = 10_000

/** A number a column takes: code without types may give anything. */
function finite(value: unknown): number | null {
  return value !== null && Number.isFinite(Number(value)) ? Number(value) : null
}

/** Gathers progress and log lines of a thread's tasks and writes them a few times a second. */
export class Reporter {
  readonly #runner: Runner
  readonly #log: Logger
  /** The newest of each run: one that was given up may go on beside the next one of its task. */
  readonly #progress = new Map<string, ProgressNote>()
  #lines: LogLine[] = []
  #dropped = 0
  #last = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(runner: Runner, log: Logger) {
    this.#runner = runner
    this.#log = log
  }

  progress(note: ProgressNote): void {
    const { done, total } = note
    this.#progress.set(`${note.id} ${note.turn}`, {
      ...note,
      done: finite(done) ?? 0,
      total: finite(total),
      note: note.note === null ? null : storable(String(note.note)),
    })
    this.#schedule()
  }

  line(line: LogLine): void {
    if (this.#lines.length >= MOST) {
      this.#dropped++
      return
    }
    this.#lines.push({ ...line, message: storable(line.message) })
    this.#schedule()
  }

  /** Writes what waits; resolves when all of it is written. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#last = clock()
    this.#writing = this.#writing.then(() => this.#write())
    await this.#writing
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.flush(), Math.max(0, this.#last + PAUSE - clock()))
  }

  async #write(): Promise<void> {
    const notes = [...this.#progress.values()]
    const lines = this.#lines
    this.#progress.clear()
    this.#lines = []
    const last = lines.at(-1)
    if (this.#dropped > 0 && last) {
      lines.push({
        ...last,
        level: 'warn',
        message: `… ${this.#dropped} lines came too fast and are not kept`,
      })
      this.#dropped = 0
    }
    try {
      if (notes.length > 0) await writeProgress(this.#runner, notes)
      if (lines.length > 0) await writeLog(this.#runner, lines)
    } catch (error) {
      this.#log.error({ err: error }, 'progress or log of tasks could not be written')
    }
  }
}
