import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DjetApp, openConfig, openSite, page } from '../../core/index.ts'
import { sendMany, taskView, waitFor } from '../../plugins/jobmachine/index.ts'
import { createTestDatabase, type TestDatabase } from '../database.ts'
import { Visitor } from '../visitor.ts'
import { exact, moody, quick, talkative } from './jobs.ts'
import { LEDGER } from './ledger.ts'
import { type Pooler, pgbouncerVersion, startPgbouncer } from './pgbouncer.ts'
import { Process } from './process.ts'
import { SITE } from './send-tasks.ts'

const version = await pgbouncerVersion()
if (version === undefined) {
  process.stderr.write('test/chaos/pgbouncer.test.ts is skipped: pgbouncer is not installed\n')
}

describe.skipIf(version === undefined)(`through ${version ?? 'PgBouncer'} in transaction mode`, () => {
  let database: TestDatabase
  let pooler: Pooler
  let through: string
  const programs: Process[] = []
  const apps: DjetApp[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    pooler = await startPgbouncer(database.url, 'transaction')
    through = pooler.url(database.url)
  })
  afterAll(async () => {
    await Promise.all(programs.map((program) => program.end()))
    await Promise.all(apps.map((app) => app.stop()))
    await pooler?.stop()
    await database?.drop()
  })

  async function open(directUrl: string): Promise<DjetApp> {
    const app = await openSite(SITE, { databaseUrl: through, directUrl, poolSize: 6 })
    apps.push(app)
    return app
  }

  it('a site without a direct URL is told what is missing', { timeout: 60_000 }, async () => {
    await expect(openSite(SITE, { databaseUrl: through })).rejects.toMatchObject({
      code: 'DATABASE_POOLED',
      message: expect.stringContaining('DATABASE_DIRECT_URL'),
    })
  })

  it('a direct URL that goes through the pooler, or to another database, is refused', {
    timeout: 60_000,
  }, async () => {
    await expect(open(through)).rejects.toMatchObject({ code: 'DATABASE_POOLED' })
    const other = await createTestDatabase()
    try {
      await expect(open(other.url)).rejects.toMatchObject({ code: 'DATABASE_DIRECT_OTHER' })
    } finally {
      await other.drop()
    }
  })

  it('a site migrates, serves pages, hears of changes and runs tasks', { timeout: 120_000 }, async () => {
    const app = await open(database.url)
    expect(app.database.isPooled).toBe(true)
    await app.prepare()
    const djet = app.scope()
    await djet.query(LEDGER)
    // Statements that have names elsewhere, on more connections than the pooler has: none is missing anywhere.
    await Promise.all(Array.from({ length: 200 }, () => djet.nodes.navigate('/')))
    const heard: string[] = []
    await app.listen.listen('trial', (payload) => heard.push(payload))
    await djet.query("select pg_notify('trial', 'hello')")
    await expect.poll(() => heard).toEqual(['hello'])

    const program = Process.djet(SITE, ['start'], {
      DATABASE_URL: through,
      DATABASE_DIRECT_URL: database.url,
      PORT: '0',
      CHAOS_THREADS: '2',
    })
    programs.push(program)
    await program.says(/ready at (\S+)/)
    const visitor = new Visitor(/ready at (\S+)/.exec(program.output)![1]!)
    expect((await visitor.get('/')).status).toBe(200)
    await djet.nodes.insert('/', { basetype: page, part: 'news', name: 'News', acl: { everyone: ['view'] } })
    await expect.poll(async () => (await visitor.get('/news')).status, { timeout: 10_000 }).toBe(200)

    const params = Array(40).fill({ ms: 20, tell: false })
    const tasks = [
      ...(await sendMany(djet, quick, params)),
      ...(await sendMany(djet, moody, params)),
      ...(await sendMany(djet, exact, params)),
      ...(await sendMany(djet, talkative, Array(5).fill({ ms: 200, tell: true }))),
    ]
    for (const { id } of tasks)
      expect(await waitFor(djet, id, { timeout: '60s' })).toMatchObject({ status: 'finished' })
    expect((await taskView(djet, tasks.at(-1)!.id))!.results).toHaveLength(3)
    expect((await djet.query('select from chaos.effect')).length).toBe(40)
    expect(program.output).not.toMatch(/"level":[456]0/)
  })

  it('a worker that is killed has its tasks running elsewhere, as without a pooler', {
    timeout: 120_000,
  }, async () => {
    const djet = apps.at(-1)!.scope()
    const env = { DATABASE_URL: through, DATABASE_DIRECT_URL: database.url }
    const other = Process.djet(SITE, ['work', '--threads', '1'], env)
    programs.push(other)
    const pid = other.pid
    await expect
      .poll(async () => (await djet.query('select from jobmachine.worker where pid = $1', [pid])).length, {
        timeout: 90_000,
      })
      .toBe(1)
    const tasks = await sendMany(djet, talkative, Array(120).fill({ ms: 1000, tell: true }))
    await expect
      .poll(async () => (await djet.query('select from chaos.run where pid = $1', [pid])).length, {
        timeout: 30_000,
      })
      .toBeGreaterThan(0)
    other.signal('SIGKILL')
    for (const { id } of tasks)
      expect(await waitFor(djet, id, { timeout: '60s' })).toMatchObject({ status: 'finished' })
  })

  it('in session mode nothing more is needed', { timeout: 60_000 }, async () => {
    const session = await startPgbouncer(database.url, 'session')
    try {
      const app = await openConfig({ plugins: [], log: { file: '-', level: 'silent' } }, SITE, {
        databaseUrl: session.url(database.url),
        poolSize: 3,
      })
      const heard: string[] = []
      await app.listen.listen('trial', (payload) => heard.push(payload))
      await app.database.query("select pg_notify('trial', 'hello')")
      await expect.poll(() => heard).toEqual(['hello'])
      await app.stop()
    } finally {
      await session.stop()
    }
  })
})
