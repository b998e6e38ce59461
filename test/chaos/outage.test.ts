import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSite } from '../../core/index.ts'
import { echo, send, waitFor } from '../../plugins/jobmachine/index.ts'
import { Visitor } from '../visitor.ts'
import { Cable } from './cable.ts'
import { Process } from './process.ts'
import { SITE } from './send-tasks.ts'
import { type RestartableServer, startRestartable } from './server.ts'

/** Connections the server gives; of them three to superusers only, which the site's user is here. */
const CONNECTIONS = 40

interface Line {
  readonly level: number
  readonly msg: string
}

let server: RestartableServer
let cable: Cable
let program: Process
let visitor: Visitor

beforeAll(async () => {
  server = await startRestartable({ max_connections: String(CONNECTIONS) })
  cable = await Cable.start(server.url)
  // Two threads: what they notice is told with what the process itself notices.
  program = Process.djet(SITE, ['start'], {
    DATABASE_URL: cable.url(server.url),
    DATABASE_DIRECT_URL: '',
    PORT: '0',
    CHAOS_THREADS: '2',
  })
  await program.says(/ready at (\S+)/, 90_000)
  visitor = new Visitor(/ready at (\S+)/.exec(program.output)![1]!)
}, 120_000)
afterAll(async () => {
  await program?.end()
  await cable?.stop()
  await server?.remove()
}, 60_000)

/** A task is done by its threads, and a page is served. */
async function works(): Promise<void> {
  const app = await openSite(SITE, { databaseUrl: server.url, poolSize: 2 })
  try {
    const djet = app.scope()
    const { id } = await send(djet, echo, { on: 1 })
    expect(await waitFor(djet, id)).toMatchObject({ status: 'finished', results: [{ on: 1 }] })
  } finally {
    await app.stop()
  }
  await expect.poll(async () => (await visitor.get('/')).status, { timeout: 30_000 }).toBe(200)
}

/** What the log says of trouble, and that it is over, while something happens. */
async function logged(work: () => Promise<void>): Promise<string[]> {
  // Stragglers of the outage before are not told, and would hide the beginning of this one.
  await sleep(5500)
  const from = program.output.length
  await work()
  // Whoever would notice late: a thread with its back-off, the schedules, a look at the workers.
  await sleep(3000)
  return program.output
    .slice(from)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ level, msg }) => level >= 40 || /database|connect/.test(msg))
    .map(({ msg }) => msg)
}

function back(): Promise<void> {
  const before = program.output.split('the database is back').length
  return expect
    .poll(() => program.output.split('the database is back').length, { timeout: 30_000 })
    .toBeGreaterThan(before)
}

const AWAY = /^the database at \S+ is away \(.+\); trying again until it is back$/
const BACK = /^the database is back after \d+\.\d s$/
const LOST = /^the database answers, but connections to it were lost or refused/

/** That it was away is said once, and that it is back; on a busy machine there may be a line more on what it ended. */
function expectToldOnce(lines: readonly string[]): void {
  expect(lines.filter((line) => AWAY.test(line)).length).toBe(1)
  expect(lines.filter((line) => BACK.test(line)).length).toBe(1)
  expect(lines.slice(4)).toEqual([])
}

it('it works', { timeout: 60_000 }, works)

it('a restart of the database is told once and lost on nobody', { timeout: 90_000 }, async () => {
  const lines = await logged(async () => {
    const isBack = back()
    await server.restart('immediate', 1500)
    await isBack
    await works()
  })
  expectToldOnce(lines)
})

it('a network that is cut is told once; pages answer 503 meanwhile', { timeout: 60_000 }, async () => {
  const lines = await logged(async () => {
    const isBack = back()
    cable.close()
    const answers = await Promise.all(Array.from({ length: 20 }, () => visitor.get('/users')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]))
    await sleep(2500)
    cable.open()
    await isBack
    await works()
  })
  expectToldOnce(lines)
})

it('connections that the server ends are made again, and told in one line', { timeout: 60_000 }, async () => {
  const lines = await logged(async () => {
    await direct(async (client) => {
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'djet-%'`,
      )
    })
    await works()
  })
  // At most one such line a minute: the tests before may have had it.
  expect(lines.filter((line) => !LOST.test(line))).toEqual([])
  expect(lines.length).toBeLessThanOrEqual(1)
})

it('a server without a free connection is told once and waited for', { timeout: 90_000 }, async () => {
  const lines = await logged(async () => {
    const isBack = back()
    const taken: pg.Client[] = []
    try {
      await takeAll(taken)
      await sleep(2500)
    } finally {
      await Promise.all(taken.map((client) => client.end()))
    }
    await isBack
    await works()
  })
  expectToldOnce(lines)
  expect(lines.join()).toContain('too many clients')
})

/** Takes all connections there are, those of the site as well. */
async function takeAll(taken: pg.Client[]): Promise<void> {
  for (let n = 0; n < 400; n++) {
    const client = new pg.Client({ connectionString: server.url, application_name: 'taker' })
    client.on('error', () => {})
    try {
      await client.connect()
      taken.push(client)
    } catch {
      const { rows } = await taken[0]!.query<{ ended: number }>(
        `select count(pg_terminate_backend(pid))::int as ended from pg_stat_activity where application_name like 'djet-%'`,
      )
      if (rows[0]!.ended === 0 && taken.length >= CONNECTIONS - 1) return
    }
  }
  throw new Error(`only ${taken.length} connections could be taken`)
}

async function direct(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
