import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Djet, DjetError, definePlugin, z } from '../../core/index.ts'
import { defineJob } from '../../plugins/jobmachine/index.ts'

/** Milliseconds: whoever stood still for longer has lost what he was doing. */
const LEASE = 10_000

/**
 * What each task of the trial by chaos does: it notes in the ledger that it begins, works, and ends. When it finds
 * that it stood still for longer than the lease, it tries to write all there is to write; whether that was allowed
 * is judged by the ledger's triggers.
 */
export async function toil(djet: Djet, { ms, tell }: { ms: number; tell: boolean }) {
  const { task } = djet
  if (!task) throw new Error('it runs in a worker only')
  const run = randomUUID()
  let stood = await longest(() =>
    djet.query('insert into chaos.run (run, task_id, attempt, pid) values ($1, $2, $3, $4)', [
      run,
      task.id,
      task.attempt,
      process.pid,
    ]),
  )
  const until = Date.now() + ms
  do {
    const rest = Math.max(0, Math.min(50, until - Date.now()))
    stood = Math.max(stood, await longest(() => sleep(rest)))
    if (tell) {
      task.progress(Math.max(0, ms - (until - Date.now())), ms, run)
      task.log(run)
    }
  } while (Date.now() < until && stood < LEASE)
  if (tell || stood > LEASE) {
    const writes = {
      result: () => task.result({ kind: 'early', run }),
      file: () => task.file(run, 'text/plain', 'written'),
    }
    for (const [what, write] of Object.entries(writes)) {
      let outcome = 'kept'
      const took = await longest(() =>
        write().catch((error: unknown) => {
          outcome = error instanceof DjetError ? error.code : String(error)
        }),
      )
      stood = Math.max(stood, took)
      if (stood > LEASE) await note(djet, [run, task.id, what, outcome, stood])
    }
    task.log(run)
    task.progress(ms, ms, run)
  }
  return { kind: 'return', run }
}

async function note(djet: Djet, values: readonly unknown[]): Promise<void> {
  await djet.query(
    'insert into chaos.late (run, task_id, what, outcome, stood) values ($1, $2, $3, $4, $5)',
    values,
  )
}

/** Milliseconds a piece of work took. */
async function longest(work: () => Promise<unknown>): Promise<number> {
  const began = Date.now()
  await work()
  return Date.now() - began
}

const policy = {
  params: z.object({ ms: z.number(), tell: z.boolean() }),
  retries: 1000,
  backoff: '20ms',
} as const

export const quick = defineJob('chaos.quick', toil, policy)

/** Says how far it is, writes lines, a result and a file. */
export const talkative = defineJob('chaos.talkative', toil, policy)

/** Runs before others, and long enough to be caught at it. */
export const long = defineJob('chaos.long', toil, { ...policy, priority: -5 })

/** Fails at first. */
export const moody = defineJob(
  'chaos.moody',
  async (djet, params) => {
    if (djet.task?.attempt === 1) throw new Error('not in the mood')
    return toil(djet, params)
  },
  policy,
)

/** Its effect is committed together with its end, or not at all. */
export const exact = defineJob(
  'chaos.exact',
  async (djet, params) => {
    await djet.query('insert into chaos.effect (task_id) values ($1)', [djet.task?.id])
    return toil(djet, params)
  },
  { ...policy, transactional: true },
)

export const chaos = definePlugin(() => ({
  name: 'chaos',
  requires: ['jobmachine'],
  jobs: [quick, talkative, long, moody, exact],
}))
