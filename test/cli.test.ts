import { createServer } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { djet, Program, type SiteFolder, siteFolder } from './program.ts'
import { Visitor } from './visitor.ts'

// Each test runs whole programs, one after the other.
vi.setConfig({ testTimeout: 120_000 })

const config = `import { defineConfig, definePlugin } from 'djet'
import { users } from 'djet/plugins/users'
const shelf = definePlugin(() => ({ name: 'shelf', folder: new URL('plugins/shelf/', import.meta.url) }))
export default defineConfig({
  site: { title: 'My shelf' }, host: '127.0.0.1', plugins: [users(), shelf()],
  seed: async (djet) => { await djet.nodes.insert('/', { basetype: 'page', part: 'first', name: 'First' }) },
})`
const migration = (table: string) => `
export const up = (knex) => knex.raw('create table ${table} (id integer)')
export const down = (knex) => knex.raw('drop table ${table}')`

let folder: SiteFolder
let database: TestDatabase
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  folder = await siteFolder({
    'djet.config.ts': config,
    'plugins/shelf/migrations/0001_board.ts': migration('board'),
    'plugins/shelf/migrations/0002_book.ts': migration('book'),
  })
  database = await createTestDatabase()
  env = { DATABASE_URL: database.url, DJET_ADMIN_PASSWORD: 'a-quiet-river' }
})
afterAll(async () => {
  await database.drop()
  await folder.remove()
})

const run = (...args: string[]) => djet(folder.dir, args, env)

/** Runs in a site of its own that has only a configuration. */
async function runWith(config: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const site = await siteFolder({ 'djet.config.ts': config })
  try {
    return await djet(site.dir, args, env)
  } finally {
    await site.remove()
  }
}

/** One clear message, no stack. */
function refused({ status, out, err }: { status: number | null; out: string; err: string }): string {
  expect(status).toBe(1)
  expect(out).toBe('')
  expect(err).toMatch(/^djet: /)
  expect(err).not.toMatch(/\n\s+at /)
  return err
}

describe('the program', () => {
  test('lists the commands of Djet and of the plugins', async () => {
    const { status, out } = await run('--help')
    expect(status).toBe(0)
    for (const command of ['start', 'dev', 'migrate [up|down|status]', 'seed', 'user add|password'])
      expect(out).toContain(`djet ${command}`)
  })

  test('knows no other command, but what was meant', async () => {
    const err = refused(await run('sart'))
    expect(err).toBe("djet: there is no command 'sart'. Did you mean 'start'? See djet --help.\n")
  })

  test('knows no option it was not told of', async () => {
    expect(refused(await run('--colour', 'start'))).toContain('--colour')
    expect(refused(await run('start', '--fast'))).toBe("djet: Unknown option '--fast'. Usage: djet start\n")
    expect(refused(await run('dev', 'now'))).toBe("djet: 'now' is one word too many. Usage: djet dev\n")
    expect(refused(await run('migrate', 'sideways'))).toContain("'sideways' is none of up, down, status")
  })
})

describe('a site that cannot be opened', () => {
  test('for mistakes in its configuration is told all of them', async () => {
    const err = refused(
      await runWith("export default { plugins: [], prot: 1, log: { levle: 'info' } }", ['start']),
    )
    expect(err).toContain("unknown option 'prot'. Did you mean 'port'?")
    expect(err).toContain("unknown option 'log.levle'. Did you mean 'level'?")
  })

  test('for a plugin that throws while loading is told what it said', async () => {
    const broken = "throw new Error('the oven is cold')\nexport default { plugins: [] }"
    expect(refused(await runWith(broken, ['start']))).toContain(
      'djet.config.ts could not be loaded: the oven is cold',
    )
  })

  test('for a plugin that is missing is told which', async () => {
    const lonely = "export default { plugins: [{ name: 'shop', requires: ['users'] }] }"
    expect(refused(await runWith(lonely, ['start']))).toContain("requires plugin 'users'")
  })

  test('for a template that a basetype names and nobody has is told where it would be', async () => {
    const bare = `import { defineBasetype } from 'djet'
      const deed = defineBasetype({ name: 'deed', title: 'Deed', template: 'deed.eta' })
      export default { plugins: [{ name: 'land', basetypes: [deed] }] }`
    const { status, err } = await runWith(bare, ['start'], env)
    expect(status).toBe(1)
    expect(err).toMatch(
      /^djet: basetype 'deed' \(plugin 'land'\) names template land\/deed\.eta: there is neither \S+ nor \S+\.\n$/,
    )
  })

  test('for a log that cannot be written is told which', async () => {
    const odd = "export default { plugins: [], log: { file: 'package.json/djet.log' } }"
    expect(refused(await runWith(odd, ['start'], env))).toMatch(
      /the log \S+package\.json\/djet\.log cannot be written/,
    )
  })

  test('for lack of a configuration is told where it was looked for', async () => {
    expect(refused(await djet('/', ['start']))).toContain('no djet.config.ts in /')
  })

  test.each([['start'], ['migrate'], ['seed']])(
    'for a database that is not there is told so by %s',
    async (command) => {
      const err = refused(
        await runWith('export default { plugins: [] }', [command], {
          DATABASE_URL: 'postgres://someone:secret@127.0.0.1:9/site',
        }),
      )
      expect(err).toContain('127.0.0.1:9')
      expect(err).not.toContain('secret')
      expect(err.trim().split('\n')).toHaveLength(1)
    },
  )

  test('for a port in use is told which', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    try {
      const { status, err } = await djet(folder.dir, ['start'], { ...env, PORT: String(port) })
      expect(status).toBe(1)
      expect(err).toBe(
        `djet: port ${port} is in use by another program. Stop it, or choose another: PORT=${port + 1}.\n`,
      )
    } finally {
      server.close()
    }
  })
})

describe('migrate', () => {
  test('tells, brings up and takes back the migrations of a plugin', async () => {
    const lines = async (...args: string[]) => {
      const { status, out, err } = await run('migrate', ...args)
      expect([status, err]).toEqual([0, ''])
      return out.trim().split('\n')
    }
    await lines('up')
    expect(await lines('status')).toEqual(['everything is applied'])
    expect(await lines('down', '--plugin', 'shelf')).toEqual(['undone shelf/0002_book'])
    expect(await lines('status')).toEqual(['pending shelf/0002_book'])
    expect(await lines('down', '--plugin', 'shelf', '--steps', '5')).toEqual(['undone shelf/0001_board'])
    expect(await lines()).toEqual(['applied shelf/0001_board', 'applied shelf/0002_book'])
  })

  test('of a plugin that is not there is refused, with a guess', async () => {
    expect(refused(await run('migrate', 'down', '--plugin', 'shlef'))).toContain("Did you mean 'shelf'?")
  })
})

describe('a site', () => {
  test('is started, stopped and started again with all its data', async () => {
    const first = new Program(folder.dir, ['start'], env)
    const [, url = ''] = await first.says(/^ready at (\S+)/m)
    expect(first.out).toMatch(/^My shelf, served by Djet$/m)
    expect(first.out).toMatch(/^ {2}open +http:\/\/127\.0\.0\.1:\d+$/m)
    expect(first.out).toMatch(/^ {2}log in +as admin, /m)
    expect(first.out).toMatch(/^ {2}data +\S+$/m)
    expect(first.out).not.toContain('a-quiet-river')
    const admin = await new Visitor(url).login('admin', 'a-quiet-river')
    expect((await admin.get('/first')).status).toBe(200)
    await admin.post('/first/-/edit', { name: 'First', title: 'Kept' })
    const ended = await first.stop('SIGTERM')
    expect([ended.status, ended.err]).toEqual([0, ''])
    expect(ended.out.trim().split('\n').at(-1)).toBe('stopping: running requests and tasks may end')

    const second = new Program(folder.dir, ['start'], env)
    const again = new Visitor((await second.says(/^ready at (\S+)/m))[1] ?? '')
    expect((await again.get('/first')).text).toContain('<h1>Kept</h1>')
    expect((await second.stop('SIGINT')).status).toBe(0)
  })

  test('is seeded once, however often that is asked for', async () => {
    for (let i = 0; i < 2; i++) {
      const { status, out } = await run('seed')
      expect([status, out.trim().split('\n').at(-1)]).toEqual([0, 'The site is seeded.'])
    }
  })

  test('gets users and new passwords from the command line', async () => {
    const added = await run('user', 'add', 'nancy', '--role', 'staff', '--role', 'editor')
    const [, password = ''] = /^User nancy is made: (\S+)$/m.exec(added.out) ?? []
    expect(password).toHaveLength(16)
    expect(added.out).toContain("No rule of this site speaks of the role 'editor' yet")
    expect(added.out).toMatch(/^Known roles: admin\b/m)
    expect(refused(await run('user', 'add', 'nancy'))).toContain("there is already a user 'nancy'")
    expect(refused(await run('user', 'add', 'x', '--password', 'short'))).toContain('at least 10 characters')
    expect((await run('user', 'unlock', 'nancy')).out).toContain('nancy is unlocked.')
    expect(refused(await run('user', 'unlock', 'nobody'))).toContain("no user 'nobody'")
    expect(refused(await run('user', 'rename', 'nancy'))).toContain('Usage: djet user add|password')
    expect(JSON.parse((await run('openapi')).out)).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'My shelf' },
    })
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const { rows } = await client.query(
      "select door, via, subject from djet.audit where action = 'users.unlock'",
    )
    await client.end()
    expect(rows).toEqual([{ door: 'cli', via: 'djet user', subject: 'nancy' }])

    const program = new Program(folder.dir, ['start'], env)
    const [, url = ''] = await program.says(/^ready at (\S+)/m)
    const nancy = await new Visitor(url).login('nancy', password)
    expect(await nancy.json('/-/session')).toMatchObject({ user: { roles: ['staff', 'editor'] } })
    expect((await run('user', 'password', 'nancy', '--password', 'new-password')).status).toBe(0)
    expect(await nancy.json('/-/session')).toMatchObject({ user: null })
    await nancy.login('nancy', 'new-password')
    expect((await program.stop()).status).toBe(0)
  })
})
