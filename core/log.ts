import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Logger, pino } from 'pino'
import type { Config } from './config.ts'
import { DjetError, messageOf } from './error.ts'

/** A log and what ends it: the lines still in memory are written. */
export interface OpenLog {
  readonly log: Logger
  close(): Promise<void>
}

/** Milliseconds a line may wait in memory. */
const FLUSH_EVERY = 500

/**
 * Opens the log of a process. Lines are gathered and written together; at an error at once.
 * @throws {DjetError} LOG_UNWRITABLE
 */
export function openLog({ dir, log: { level, file } }: Pick<Config, 'dir' | 'log'>): OpenLog {
  const dest = file === '-' ? 1 : resolve(dir, file)
  if (typeof dest === 'string') checkWritable(dest)
  const destination = pino.destination({ dest, sync: false, minLength: 4096 })
  const flush = (): void => {
    destination.flush(() => {})
  }
  const timer = setInterval(flush, FLUSH_EVERY)
  timer.unref()
  const log = pino({ level, hooks: { logMethod: flushAtErrors(flush) } }, destination)
  return {
    log,
    close: () =>
      new Promise((done) => {
        clearInterval(timer)
        // What still comes, such as a connection that ends late, has nowhere to go.
        log.level = 'silent'
        destination.once('close', done)
        destination.once('error', () => done())
        destination.end()
      }),
  }
}

function flushAtErrors(flush: () => void) {
  return function (
    this: Logger,
    args: Parameters<Logger['info']>,
    method: (...args: Parameters<Logger['info']>) => void,
    level: number,
  ) {
    method.apply(this, args)
    if (level >= 50) flush()
  }
}

/** Looks at once: the log itself opens its file later, and ends the process when it cannot. */
function checkWritable(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    closeSync(openSync(file, 'a'))
  } catch (cause) {
    throw new DjetError(
      'LOG_UNWRITABLE',
      `the log ${file} cannot be written: ${messageOf(cause)}. ` +
        "Start Djet as the user its folder belongs to, or set log.file ('-': the terminal).",
      { cause },
    )
  }
}
