import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { noop, sendMany } from '../index.ts'
import { settleBatches } from '../queue/batch.ts'
import { type Claimed, claim } from '../queue/claim.ts'
import { classIds } from '../queue/classes.ts'
import { type Done, endAndClaim, fail, finish } from '../queue/end.ts'
import { giveBack, heldBy, showRunning } from '../queue/hold.ts'
import { claimLimited } from '../queue/limited.ts'
import { writeLog } from '../queue/report.ts'
import type { Runner } from '../queue/runner.ts'
import { settle } from '../queue/settle.ts'
import { PLANS } from '../worker/session.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

const TABLES = ['task', 'ready', 'held', 'dependency']

let site: JobsSite
let client: pg.Client
let session: Runner
let classes: number[]

beforeAll(async () => {
  site = await createJobsSite()
  client = new pg.Client({ connectionString: site.databaseUrl })
  await client.connect()
  await client.query(PLANS)
  session = {
    query: async (statement, values = []) => {
      const query = typeof statement === 'string' ? { text: statement } : { ...statement }
      return (await client.query({ ...query, values: [...values] })).rows
    },
  }
  classes = [...(await classIds(session, ['jobmachine.noop', 'jobmachine.echo'])).values()]
})
afterAll(async () => {
  await client.end()
  await site.close()
})

/** Rows that the work read of each table of the queue. */
async function read(work: () => Promise<unknown>): Promise<number[]> {
  await client.query('begin')
  const before = await rowsRead()
  await work()
  const after = await rowsRead()
  await client.query('commit')
  return after.map((n, at) => n - before[at]!)
}

async function rowsRead(): Promise<number[]> {
  const { rows } = await client.query<{ n: number }>(
    `select coalesce(seq_tup_read, 0)::int + coalesce(idx_tup_fetch, 0)::int as n
     from unnest($1::text[]) with ordinality as w (name, at)
       left join pg_stat_xact_user_tables s on s.schemaname = 'jobmachine' and s.relname = w.name
     order by w.at`,
    [TABLES],
  )
  return rows.map((row) => row.n)
}

const end = ({ id, turn, attempt }: Claimed): Done => ({
  id,
  turn,
  attempt,
  ran: 1,
  retention: 60_000,
  announce: false,
  result: null,
})

it('reads no more than its tasks by plans that were made while there were none', async () => {
  const { database } = site.app
  for (const table of TABLES) {
    await database.query(`alter table jobmachine.${table} set (autovacuum_enabled = off)`)
    await database.query(`vacuum (analyze) jobmachine.${table}`)
  }
  let held: Claimed[] = []
  let most = 1
  const limits = { concurrency: 100 }
  const claimed = async (workerId: number): Promise<void> => {
    held = [...(await claim(session, classes, most, workerId)).tasks]
  }
  const works: Record<string, () => Promise<unknown>> = {
    claim: () => claimed(1),
    'finish without results': () => finish(session, 1, held.map(end)),
    'claim again': () => claimed(1),
    show: () =>
      showRunning(
        session,
        1,
        held.map((task) => ({ ...task, began: Date.now() })),
      ),
    log: () =>
      writeLog(
        session,
        held.map((task) => ({ ...task, level: 'info', message: 'x', at: new Date() })),
      ),
    held: () => heldBy(session, 1),
    'finish with results': () =>
      finish(
        session,
        1,
        held.map((task) => ({ ...end(task), result: '{"data":1}' })),
      ),
    'claim what fails': () => claimed(2),
    fail: () =>
      fail(
        session,
        2,
        held.map((task) => ({ ...end(task), error: 'no', stack: null, delay: 0 })),
      ),
    'claim what goes back': () => claimed(3),
    'give back': () => giveBack(session, 3, []),
    'claim within limits': () => claimLimited(session, classes[0]!, limits, most, 4),
    'claim one': () => claim(session, classes, 1, 5).then((got) => (held = [...got.tasks])),
    'finish one and claim the next': async () => {
      if (!held[0]) return
      const wanted = { classes, limited: [], alone: false }
      const { claim } = await endAndClaim(session, 5, end(held[0]), [], wanted)
      if (claim.tasks[0]) await endAndClaim(session, 5, end(claim.tasks[0]), [], { ...wanted, alone: true })
    },
    'settle batches': () => settleBatches(session, [1, 2, 3], 60_000),
    release: () => settle(session, { parents: [], needed: few.map((task) => task.id) }, 60_000),
  }
  const few = await sendMany(site.djet, noop, Array(9).fill({}))
  await sendMany(site.djet, noop, [{}], { after: [few[8]!.id], ifFailed: 'run' })
  for (const work of Object.values(works)) await work()
  most = 50

  // Each in a parcel of its own, and as many again in parcels of many.
  await database.query(
    `insert into jobmachine.task (class_id, run_after)
     select $1, now() - n * interval '1 millisecond' from generate_series(1, 4000) as n`,
    [classes[0]],
  )
  await sendMany(site.djet, noop, Array(4000).fill({}))
  const [last] = await database.query<{ id: number }>('select max(task_id) as id from jobmachine.task')
  await database.query(
    `insert into jobmachine.dependency (task_id, after_id, if_failed)
     select task_id, $1, 'run' from jobmachine.task where task_id < $1 order by task_id desc limit 2000`,
    [last!.id],
  )
  const found: Record<string, Record<string, number>> = {}
  for (const [name, work] of Object.entries(works)) {
    const rows = await read(work)
    found[name] = Object.fromEntries(TABLES.map((table, n) => [table, rows[n]!]))
  }
  expect(Object.entries(found).filter(([, rows]) => Math.max(...Object.values(rows)) > 8 * most)).toEqual([])
})
