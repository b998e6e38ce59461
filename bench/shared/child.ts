import { fork } from 'node:child_process'
import { once } from 'node:events'

const BOOTSTRAP = new URL('../process.mjs', import.meta.url)

/** Processor time (microseconds, user and system) and memory (bytes) of a process so far. */
export interface Usage {
  readonly cpu: number
  readonly memory: number
}

/** A process of the bench that answers calls by name. */
export interface Child {
  call<T>(name: string, argument?: unknown): Promise<T>
  /** Lets it end what it began; kills it when that takes longer than ten seconds. Safe to call twice. */
  stop(): Promise<void>
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/**
 * Starts a module as a process of its own. It answers by `answerCalls`.
 *
 * @param env added to this process's environment
 * @param node program to run it with; the one that runs this when absent
 */
export function startChild(
  module: URL,
  env: Readonly<Record<string, string>> = {},
  node: string = process.execPath,
): Child {
  const execArgv = process.env.BENCH_PROFILE
    ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`]
    : []
  const child = fork(BOOTSTRAP, [module.href], {
    env: { ...process.env, ...env },
    execArgv,
    execPath: node,
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  let last = 0
  let stopped: Promise<void> | undefined
  const exited = once(child, 'exit')
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  child.once('exit', (code) => {
    for (const [id, answer] of waiting) answer({ id, error: `${module.pathname} ended with code ${code}` })
    waiting.clear()
  })
  const call = <T>(name: string, argument?: unknown): Promise<T> =>
    new Promise((done, failed) => {
      const id = ++last
      waiting.set(id, ({ value, error }) =>
        error === undefined ? done(value as T) : failed(new Error(error)),
      )
      child.send({ id, name, argument }, (error) => {
        if (error && waiting.delete(id)) failed(error)
      })
    })
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const kill = setTimeout(() => child.kill('SIGKILL'), 10_000)
    child.send({ id: 0, name: 'stop' }, () => {})
    await exited
    clearTimeout(kill)
  }
  return {
    call,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/**
 * The other side: answers calls until told to stop, or until the process that started it is gone. Beside the
 * functions given it knows `usage`.
 */
export function answerCalls(
  functions: Record<string, (argument: never) => unknown>,
  stop: () => unknown,
): void {
  const known: typeof functions = { usage, ...functions }
  const end = async (): Promise<void> => {
    setTimeout(() => process.exit(1), 9000).unref()
    await stop()
    if (process.connected) process.disconnect()
    process.exit(0)
  }
  process.once('disconnect', () => void end())
  process.on('message', async ({ id, name, argument }: { id: number; name: string; argument: never }) => {
    if (name === 'stop') return end()
    try {
      process.send?.({ id, value: await known[name]?.(argument) })
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpu: user + system, memory: process.memoryUsage.rss() }
}
