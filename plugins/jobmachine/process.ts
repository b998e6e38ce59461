import type { DjetApp, Stop } from '../../core/index.ts'
import { startSchedules } from './schedule/ticker.ts'
import { startBookkeeping } from './supervisor/bookkeeping.ts'
import { startWorkers, type WorkerOptions } from './supervisor/supervisor.ts'

/** Starts what one process does of the job machine: its worker threads, its part in the schedules and the counters. */
export async function startMachine(app: DjetApp, options: WorkerOptions): Promise<Stop> {
  const stopWorkers = await startWorkers(app, options)
  try {
    const stopSchedules = await startSchedules(app)
    const stopBooks = startBookkeeping(app)
    return async () => {
      await Promise.all([stopBooks(), stopSchedules(), stopWorkers()])
    }
  } catch (error) {
    await stopWorkers()
    throw error
  }
}
