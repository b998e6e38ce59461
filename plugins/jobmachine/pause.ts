import type { Djet } from '../../core/index.ts'
import { DjetError } from '../../core/index.ts'
import { wakeWorkers } from './queue/wake.ts'

/**
 * Pauses a class: its tasks wait, on all machines, until it is resumed. Those that run go on.
 * @throws {DjetError} CLASS_NOT_FOUND, 404
 */
export async function pauseClass(djet: Djet, className: string): Promise<void> {
  await setPaused(djet, className, true)
}

/**
 * Lets the tasks of a paused class run again.
 * @throws {DjetError} CLASS_NOT_FOUND, 404
 */
export async function resumeClass(djet: Djet, className: string): Promise<void> {
  await setPaused(djet, className, false)
  await djet.afterCommit(() => wakeWorkers(djet.app))
}

async function setPaused(djet: Djet, className: string, paused: boolean): Promise<void> {
  await djet.transaction(async (djet) => {
    const rows = await djet.query(
      'update jobmachine.class set paused = $2, modified = now() where name = $1 returning class_id',
      [className, paused],
    )
    if (rows.length === 0) {
      throw new DjetError('CLASS_NOT_FOUND', `there are no tasks of class '${className.slice(0, 100)}'.`, {
        status: 404,
      })
    }
    await djet.audit({ action: paused ? 'jobmachine.pause' : 'jobmachine.resume', subject: className })
  })
}

/** Names of the classes that are paused. */
export async function pausedClasses(djet: Djet): Promise<string[]> {
  const rows = await djet.query<{ name: string }>(
    'select name from jobmachine.class where paused order by name',
  )
  return rows.map((row) => row.name)
}
