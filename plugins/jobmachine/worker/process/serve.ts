import { type DjetApp, messageOf, openSite } from '../../../../core/index.ts'
import { clock, clockAhead } from '../../clock.ts'
import { TaskAborted } from '../../error.ts'
import { jobsOf, requireJob } from '../../registry.ts'
import { type AttemptParts, runAttempt } from '../attempt.ts'
import { Reporter } from '../reporter.ts'
import type { FromProcess, Order, ProcessData, ToProcess } from './messages.ts'

/** Connections: the function's transaction, what it asks beside it, progress and log. */
const POOL = 3

/**
 * Runs in a process of its own: opens the site when told to, then runs one attempt after the other.
 * @param limit where the watchdog reads how many bytes may be used; 0: no limit
 */
export function serve(limit: Float64Array): void {
  let app: DjetApp | undefined
  let parts: AttemptParts | undefined
  let running = new AbortController()

  async function open({ dir, databaseUrl, directUrl, retention }: ProcessData): Promise<void> {
    app = await openSite(dir, {
      databaseUrl,
      directUrl,
      notices: { notice: (reason) => tell({ type: 'notice', reason }) },
      applicationName: `djet-task/${process.pid}`,
      poolSize: POOL,
    })
    const { database, log } = app
    const ahead = await clockAhead(database)
    const now = (): Date => new Date(clock() + ahead)
    parts = { app, runner: database, now, reporter: new Reporter(database, log), retention }
    tell({ type: 'ready' })
  }

  async function run({ job: name, claimed, memory = 0 }: Order): Promise<void> {
    const { app, reporter } = parts!
    running = new AbortController()
    limit[0] = memory
    const job = requireJob(jobsOf(app), name)
    // Nobody tells it when one was changed since its last attempt.
    await app.reloadBasetypes()
    tell({ type: 'began' })
    const outcome = await runAttempt(parts!, job, claimed, running)
    await reporter.flush()
    limit[0] = 0
    tell({ type: 'ran', outcome, resident: process.memoryUsage.rss() })
  }

  async function end(): Promise<void> {
    await app?.stop()
    process.exit(0)
  }

  // A service manager signals all processes at once: the one that started this one says when to end.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
  process.on('disconnect', killGroup)
  process.on('message', (message: ToProcess) => {
    if (message.type === 'open') open(message.data).catch(failed)
    else if (message.type === 'run') run(message.order).catch(failed)
    else if (message.type === 'end') end().catch(failed)
    else running.abort(new TaskAborted(message.reason.why, message.reason.message))
  })
}

/** What it may have started ends with it. */
function killGroup(): void {
  process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL')
}

function failed(error: unknown): void {
  tell({ type: 'failed', message: messageOf(error) })
}

function tell(message: FromProcess): void {
  process.send!(message)
}
