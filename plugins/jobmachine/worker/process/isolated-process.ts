import { type ChildProcess, fork, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sizeInWords } from '../../size.ts'
import type { Outcome } from '../attempt.ts'
import type { FromProcess, Order, ProcessData, Reason, ToProcess } from './messages.ts'

const PROGRAM = fileURLToPath(new URL('start.mjs', import.meta.url))
/** Milliseconds: to open the site; to end by itself; for the last words on stderr; for what it started to be gone. */
const SLOW_START = 60_000
const LAST_CALL = 1000
const LAST_WORDS = 200
const GROUP_GONE = 1000
/** Characters of stderr that are kept. */
const TAIL = 4000

/** A process that runs attempts, one at a time, as the process that started it sees it. */
export class IsolatedProcess {
  /** Resolves when it can run attempts, or is dead. */
  readonly ready: Promise<void>
  /** Resolves when it is dead for sure, and what it had started as well. */
  readonly dead: Promise<void>
  /** Bytes of memory it kept after its last attempt. */
  resident = 0
  readonly #child: ChildProcess
  /** Why it died, or is being killed. */
  #reason: string | undefined
  #isDead = false
  #tail = ''
  #began = (): void => {}
  #ran = (_: Outcome): void => {}
  #died = (): void => {}

  /** @param onNotice hears of database connections that it lost or that were refused to it */
  constructor(data: ProcessData, onNotice: (reason: string) => void) {
    this.#child = fork(PROGRAM, [String(process.pid)], {
      // A group of its own, so that it can be killed with all that it starts.
      detached: true,
      execArgv: [],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc', 'pipe'],
    })
    this.dead = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#reason ??= `its process could not be started: ${error.message}`
        if (this.#child.pid === undefined) this.#bury().then(resolve)
      })
      this.#child.once('exit', (code, signal) => {
        this.#bury(code, signal).then(resolve)
      })
    })
    this.ready = new Promise((resolve) => {
      const timer = setTimeout(() => this.kill('its process did not start within a minute'), SLOW_START)
      const over = (): void => {
        clearTimeout(timer)
        resolve()
      }
      void this.dead.then(over)
      this.#child.on('message', (message: FromProcess) => {
        if (message.type === 'ready') over()
        else if (message.type === 'failed') this.kill(`its process could not be used: ${message.message}`)
        else if (message.type === 'notice') onNotice(message.reason)
        else if (message.type === 'began') this.#began()
        else {
          this.resident = message.resident
          this.#ran(message.outcome)
        }
      })
    })
    this.#listen()
    this.#tell({ type: 'open', data })
  }

  get alive(): boolean {
    return !this.#isDead && this.#reason === undefined
  }

  /**
   * Runs one attempt. When the process dies of it, that is the outcome, once it is dead for sure.
   * @param began called when the function begins
   */
  run(order: Order, began: () => void): Promise<Outcome> {
    const start = performance.now()
    return new Promise((resolve) => {
      this.#ran = resolve
      this.#died = () => resolve(this.outcome(performance.now() - start))
      this.#began = began
      if (this.#isDead) this.#died()
      else this.#tell({ type: 'run', order })
    })
  }

  /** What has become of an attempt in a process that is dead. */
  outcome(ran: number): Outcome {
    const stack = this.#tail.trim() === '' ? null : this.#tail
    return { end: 'failed', ran, error: this.#reason ?? 'its process died', stack, again: true, soon: false }
  }

  abort(reason: Reason): void {
    this.#tell({ type: 'abort', reason: { why: reason.why, message: reason.message } })
  }

  /** Ends it at once, whatever it does, with all that it started; resolves when it is dead. */
  async kill(reason: string): Promise<void> {
    this.#reason ??= reason
    const { pid } = this.#child
    if (pid !== undefined && !this.#isDead) killGroup(pid)
    await this.dead
  }

  /** Lets it close its connections and end. */
  async end(): Promise<void> {
    this.#reason ??= 'its process was ended'
    this.#tell({ type: 'end' })
    const timer = setTimeout(() => this.kill(''), LAST_CALL)
    await this.dead
    clearTimeout(timer)
  }

  #listen(): void {
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#tail = (this.#tail + text).slice(-TAIL)
      process.stderr.write(text)
    })
    // The watchdog's: a thread that could not send a message.
    const [, , , , words] = this.#child.stdio
    words?.on('data', (text: Buffer) => {
      const [, used] = /^memory (\d+)/.exec(String(text)) ?? []
      if (used) this.#reason = `out of memory: its process used ${sizeInWords(Number(used))}`
    })
    words?.on('error', () => {})
  }

  async #bury(code: number | null = null, signal: NodeJS.Signals | null = null): Promise<void> {
    await Promise.race([
      new Promise((resolve) => this.#child.once('close', resolve)),
      sleep(LAST_WORDS, undefined, { ref: false }),
    ])
    const { pid } = this.#child
    // Programs that it started are of its group, and of no use without it.
    if (pid !== undefined) await groupGone(pid)
    this.#isDead = true
    this.#reason ??= wordsOf(code, signal, this.#tail)
    this.#died()
  }

  #tell(message: ToProcess): void {
    // It may have just died: its exit says so.
    if (this.#child.connected) this.#child.send(message, () => {})
  }
}

function wordsOf(code: number | null, signal: string | null, tail: string): string {
  if (tail.includes('heap out of memory')) return 'out of memory: the JavaScript heap of its process was full'
  return signal === null ? `its process ended with exit code ${code}` : `its process was ended by ${signal}`
}

function killGroup(pid: number): void {
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore' }).on('error', () => {})
    return
  }
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of the group are gone.
  }
}

/** Kills what is left of a group and waits until it is gone. Whoever is dead and not yet waited for by init counts. */
async function groupGone(pid: number): Promise<void> {
  if (process.platform === 'win32') return
  for (const until = Date.now() + GROUP_GONE; Date.now() < until; ) {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      return
    }
    await sleep(10)
  }
}
