import type { DjetApp } from '../../../core/index.ts'
import { claim } from '../../../plugins/jobmachine/queue/claim.ts'
import { classIds } from '../../../plugins/jobmachine/queue/classes.ts'
import { Session } from '../../../plugins/jobmachine/worker/session.ts'

export interface Claims {
  /** How many, one after the other. */
  readonly claims: number
  /** Tasks of one claim at most. */
  readonly limit: number
}

/** Claims as a worker does, on a worker's connection, and ends nothing. @returns how long each took, milliseconds */
export async function measureClaims(app: DjetApp, { claims, limit }: Claims): Promise<number[]> {
  const session = new Session({
    databaseUrl: app.directUrl,
    thread: 1,
    classes: undefined,
    notices: app.notices,
    onConnected: () => {},
  })
  await session.open()
  try {
    const ids = await classIds(session, ['bench.tick', 'bench.latency', 'jobmachine.noop', 'jobmachine.echo'])
    const times: number[] = []
    for (let n = 0; n < claims; n++) {
      const begun = performance.now()
      const { tasks } = await claim(session, [...ids.values()], limit, session.workerId)
      times.push(performance.now() - begun)
      if (tasks.length !== limit)
        throw new Error(`claim ${n + 1} brought ${tasks.length} tasks, not ${limit}`)
    }
    return times
  } finally {
    await session.query('delete from jobmachine.held where worker_id = $1', [session.workerId])
    await session.query('update jobmachine.worker set ended = now() where worker_id = $1', [session.workerId])
    await session.close()
  }
}
