import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sendMany } from '../../plugins/jobmachine/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import { Cable } from './cable.ts'
import { talkative } from './jobs.ts'
import { findings, LEDGER, recoveries } from './ledger.ts'
import { Process } from './process.ts'
import { SITE } from './send-tasks.ts'

/** Milliseconds within which the tasks of a machine that says nothing more run elsewhere. */
const WITHIN = 30_000
/** Milliseconds a task takes. */
const WORK = 6000

interface Machine {
  readonly process: Process
  readonly cable: Cable
}

let site: TestSite
let client: pg.Client
const machines: Machine[] = []

beforeAll(async () => {
  site = await createTestSite({ dir: SITE })
  client = new pg.Client({ connectionString: site.databaseUrl })
  await client.connect()
  await client.query(LEDGER)
}, 90_000)
afterAll(async () => {
  await Promise.all(machines.map(({ process }) => process.end('SIGKILL')))
  await Promise.all(machines.map(({ cable }) => cable.stop()))
  await client?.end()
  await site?.close()
}, 60_000)

async function machine(): Promise<Machine> {
  const cable = await Cable.start(site.databaseUrl)
  const process = Process.djet(SITE, ['work', '--threads', '1', '--classes', 'chaos.talkative'], {
    DATABASE_URL: cable.url(site.databaseUrl),
  })
  machines.push({ process, cable })
  await until(async () => (await count('select from jobmachine.worker where pid = $1', [process.pid])) === 1)
  return { process, cable }
}

/** Sends tasks and waits until a process runs them. */
async function busy({ process }: Machine, tasks: number): Promise<void> {
  const sent = await sendMany(site.djet, talkative, Array(tasks).fill({ ms: WORK, tell: true }))
  await client.query('insert into chaos.sent (task_id, sender) select unnest($1::bigint[]), 0', [
    sent.map(({ id }) => id),
  ])
  await until(async () => (await count('select from chaos.run where pid = $1', [process.pid])) >= tasks)
}

async function count(statement: string, values: unknown[] = []): Promise<number> {
  const { rowCount } = await client.query(statement, values)
  return rowCount ?? 0
}

async function until(what: () => Promise<boolean>, within = 60_000): Promise<void> {
  for (const end = Date.now() + within; !(await what()); await sleep(100)) {
    if (Date.now() > end) throw new Error(`it did not happen within ${within} ms`)
  }
}

it('tasks of a machine that vanishes run elsewhere soon; what it writes when it is back is refused', {
  timeout: 150_000,
}, async () => {
  const [silent, stopped] = [await machine(), await machine()]
  // One after the other, so that each has tasks of its own.
  stopped.process.signal('SIGSTOP')
  await busy(silent, 3)
  stopped.process.signal('SIGCONT')
  silent.cable.silence()
  const harms = [{ kind: 'silence', pid: silent.process.pid, at: Date.now() }]
  await busy(stopped, 3)
  stopped.process.signal('SIGSTOP')
  harms.push({ kind: 'stop', pid: stopped.process.pid, at: Date.now() })
  await machine()

  const elsewhere = 'select distinct task_id from chaos.run where pid <> all ($1::int[])'
  await until(async () => (await count(elsewhere, [harms.map(({ pid }) => pid)])) === 6)
  silent.cable.resume()
  stopped.process.signal('SIGCONT')
  // They try to write, and are refused.
  await until(
    async () => (await count('select distinct run from chaos.late where what = $1', ['file'])) === 6,
  )
  await until(async () => (await count('select from jobmachine.task where status < 200')) === 0)
  const { rows: late } = await client.query('select distinct what, outcome from chaos.late order by what')
  expect(late).toEqual([
    { what: 'file', outcome: 'TASK_LOST' },
    { what: 'result', outcome: 'TASK_LOST' },
  ])
  await sleep(1000)
  expect(await findings(client)).toEqual({})
  const took = await recoveries(client, harms, [])
  expect(took.length).toBeGreaterThanOrEqual(6)
  // Ten seconds of lease and a look: twice that on a machine that is busy with other tests.
  expect(Math.max(...took)).toBeLessThan(WITHIN)

  // Both go on as workers.
  await busy(silent, 0)
  const again = await sendMany(site.djet, talkative, Array(24).fill({ ms: 300, tell: false }))
  await client.query('insert into chaos.sent (task_id, sender) select unnest($1::bigint[]), 0', [
    again.map(({ id }) => id),
  ])
  await until(async () => (await count('select from jobmachine.task where status < 200')) === 0)
  const { rows } = await client.query<{ pid: number }>(
    'select distinct pid from chaos.run where task_id = any ($1::bigint[])',
    [again.map(({ id }) => id)],
  )
  expect(rows.map(({ pid }) => pid)).toEqual(expect.arrayContaining(harms.map(({ pid }) => pid)))
})
