import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SenderOptions } from './send-tasks.ts'

const DJET = fileURLToPath(new URL('../../core/bin/djet.mjs', import.meta.url))
const SENDER = fileURLToPath(new URL('sender.mjs', import.meta.url))

interface ProcessOptions {
  readonly dir?: string
  /** Asked for at each start; undefined: it has done its work and is not started again. */
  readonly args: () => readonly string[] | undefined
  readonly env?: NodeJS.ProcessEnv
  readonly onLine?: (line: string) => void
}

/** A program of a trial, started again whenever it ends, as a service manager would. */
export class Process {
  /** What it has printed, all its lives together. */
  output = ''
  /** How often it was started. */
  starts = 0
  readonly #options: ProcessOptions
  #child: ChildProcess | undefined
  #isOver = false
  #rest = ''
  readonly #ended: Promise<void>
  #end: () => void = () => {}

  constructor(options: ProcessOptions) {
    this.#options = options
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#start()
    // Should the trial itself be ended.
    process.once('exit', () => this.signal('SIGKILL'))
  }

  /** `djet …` in a site's folder. */
  static djet(dir: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Process {
    return new Process({ dir, args: () => [DJET, ...args], env: { CHAOS_LOG: 'info', ...env } })
  }

  /** A sender of tasks. */
  static sender(options: () => SenderOptions | undefined, onLine: (line: string) => void): Process {
    const args = (): string[] | undefined => {
      const now = options()
      return now && [SENDER, JSON.stringify(now)]
    }
    return new Process({ args, onLine })
  }

  /** 0 when it does not run. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Ends it for good; resolves when it has ended. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#isOver = true
    if (this.#child === undefined) this.#end()
    this.signal('SIGCONT')
    this.signal(signal)
    await this.#ended
  }

  /** Waits until it has printed something, in this life or an earlier one. */
  async says(text: RegExp, timeout = 60_000): Promise<void> {
    for (const until = Date.now() + timeout; !text.test(this.output); ) {
      if (Date.now() > until) throw new Error(`it did not say ${text}:\n${this.output}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  #start(): void {
    const args = this.#isOver ? undefined : this.#options.args()
    if (args === undefined) {
      this.#end()
      return
    }
    this.starts++
    const child = spawn(process.execPath, [...args], {
      ...(this.#options.dir === undefined ? {} : { cwd: this.#options.dir }),
      env: { ...process.env, VITEST: undefined, NODE_ENV: undefined, ...this.#options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
    })
    child.once('close', () => {
      this.#child = undefined
      // Half a line of a process that was killed says nothing.
      this.#rest = ''
      if (this.#isOver) this.#end()
      else setTimeout(() => this.#start(), 200)
    })
  }

  #hear(text: string): void {
    this.output += text
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#options.onLine?.(line)
  }
}
