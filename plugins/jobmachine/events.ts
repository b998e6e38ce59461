import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Djet } from '../../core/index.ts'
import { CHANNEL } from './queue/runner.ts'
import { isOver } from './status.ts'
import { logSince, taskView } from './view.ts'

/** Milliseconds between two events at least; between two looks when nothing notifies; of one stream at most. */
const SHORTEST = 200
const LOOK = 2000
/** The browser comes back by itself, and its rights are looked at again. */
const LONGEST = 5 * 60_000

/**
 * Server-sent events of one task: `change` with status, progress and new log lines, `over` at its end. Ends when
 * the task is over, the client has gone or the site stops. Without `log`: no lines of the log, and no attempts.
 */
export function taskEvents(djet: Djet, id: number, options: { log?: boolean } = {}): Readable {
  const stream = Readable.from(changes(djet, id, options.log ?? true), { objectMode: false })
  djet.signal.addEventListener('abort', () => stream.destroy(), { once: true })
  return stream
}

async function* changes(djet: Djet, id: number, withLog: boolean): AsyncGenerator<Buffer> {
  const until = Date.now() + LONGEST
  let wake = (): void => {}
  const unlisten = await djet.app.listen.listen(CHANNEL.task, (payload) => {
    if (payload === String(id)) wake()
  })
  const gone = new Promise<void>((resolve) =>
    djet.signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  try {
    const { texts } = djet
    const translated = <T extends { message: string }>(line: T) => ({
      ...line,
      message: texts.message(line.message),
    })
    let seen = ''
    let line = 0
    while (!djet.signal.aborted && Date.now() < until) {
      const changed = new Promise<void>((resolve) => (wake = resolve))
      const task = await taskView(djet, id)
      if (!task) return
      const lines = withLog ? (await logSince(djet, id, line)).map(translated) : []
      line = lines.at(-1)?.id ?? line
      const { status, children } = task
      const progress = task.progress && {
        ...task.progress,
        note: texts.message(task.progress.note ?? '') || null,
      }
      const state = {
        status,
        progress,
        children,
        ...(withLog ? { attempts: task.attempts.length } : {}),
        results: task.results.length,
      }
      const over = isOver(status)
      if (lines.length > 0 || over || JSON.stringify(state) !== seen) {
        seen = JSON.stringify(state)
        yield event(over ? 'over' : 'change', { ...state, log: lines })
      } else {
        yield Buffer.from(': still there\n\n')
      }
      if (over) return
      await Promise.race([changed, sleep(LOOK), gone])
      await Promise.race([sleep(SHORTEST), gone])
    }
  } finally {
    unlisten()
  }
}

function event(name: string, data: unknown): Buffer {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}
