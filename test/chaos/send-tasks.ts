import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DjetError, openSite } from '../../core/index.ts'
import { sendMany } from '../../plugins/jobmachine/index.ts'
import { exact, long, moody, quick, talkative } from './jobs.ts'
import { Chance } from './random.ts'

export const SITE = fileURLToPath(new URL('site/', import.meta.url))

export interface SenderOptions {
  readonly sender: number
  readonly databaseUrl: string
  readonly seed: number
  readonly tasks: number
  /** Tasks a second at most. */
  readonly rate: number
  /** Tasks that may wait; more are sent when there are fewer. */
  readonly backlog: number
}

/** One transaction in ten is rolled back: its tasks must never run. */
const UNDONE = 0.1

class Undone extends Error {}

/**
 * Sends tasks in transactions, each with its line in the ledger, and prints the ids of those whose commit was
 * confirmed. A commit whose answer was lost is not told; the ledger knows it.
 */
export async function sendTasks(options: SenderOptions): Promise<void> {
  const { sender, databaseUrl, tasks, rate, backlog } = options
  const chance = new Chance(options.seed)
  const app = await openSite(SITE, {
    databaseUrl,
    applicationName: `djet-sender/${process.pid}`,
    poolSize: 2,
  })
  const djet = app.scope()
  let left = tasks
  while (left > 0) {
    const size = Math.min(left, chance.next() < 0.3 ? 1 : chance.between(2, 120))
    try {
      await room(backlog)
      const ids = await djet.transaction(async (djet) => {
        const sent: number[] = []
        const draw = chance.next()
        const job = draw < 0.6 ? quick : draw < 0.75 ? talkative : draw < 0.85 ? moody : exact
        const takes = job === talkative || job === exact
        const params = Array.from({ length: takes ? Math.min(size, 10) : size }, () => ({
          ms: takes ? chance.between(50, 500) : 0,
          tell: job === talkative,
        }))
        sent.push(...(await sendMany(djet, job, params)).map(({ id }) => id))
        // So that hardly anybody is harmed while he has nothing to lose.
        const more = Array.from({ length: 2 }, () => ({ ms: chance.between(1500, 4000), tell: true }))
        sent.push(...(await sendMany(djet, long, more)).map(({ id }) => id))
        await djet.query('insert into chaos.sent (task_id, sender) select unnest($1::bigint[]), $2', [
          sent,
          sender,
        ])
        if (chance.next() < UNDONE) throw new Undone()
        return sent
      })
      left -= ids.length
      process.stdout.write(`${JSON.stringify(ids)}\n`)
      await sleep((ids.length / rate) * 1000)
    } catch (error) {
      if (error instanceof Undone) continue
      if (
        !(error instanceof DjetError) &&
        !/database|connection|starting up|shutting down|terminat/i.test(String(error))
      ) {
        throw error
      }
      await sleep(100 + chance.next() * 200)
    }
  }
  await app.stop()

  async function room(most: number): Promise<void> {
    for (;;) {
      const [row] = await djet.query<{ n: number }>(
        'select coalesce(sum(cardinality(tasks)), 0)::int as n from jobmachine.ready',
      )
      if (row!.n <= most) return
      await sleep(100)
    }
  }
}
