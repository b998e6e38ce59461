import type { DjetApp, Stop } from '../../core/index.ts'
import { startSchedules } from './schedule/ticker.ts'
import { startWorkers, type WorkerOptions } from './supervisor/supervisor.ts'

/** Starts what one process does of the job machine: its worker threads, and its part in the schedules. */
export async function startMachine(app: DjetApp, options: WorkerOptions): Promise<Stop> {
  const stopWorkers = await startWorkers(app, options)
  try {
    const stopSchedules = await startSchedules(app)
    return async () => {
      await Promise.all([stopSchedules(), stopWorkers()])
    }
  } catch (error) {
    await stopWorkers()
    throw error
  }
}
