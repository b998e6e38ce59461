import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrateDown, migrateUp } from '../core/db/migrate.ts'
import {
  authenticate,
  checkPassword,
  createAccount,
  endSessions,
  findAccount,
  sessionsOf,
} from '../core/index.ts'
import { featuresOf } from '../core/prepare.ts'
import { createTestSite, type TestSite } from './site.ts'

let site: TestSite
beforeAll(async () => {
  site = await createTestSite()
})
afterAll(() => site.close())

const rules = { passwords: { shortest: 10 }, site: { title: 'Northwind Traders' } }

describe('a password', () => {
  test.each([
    ['nine-char', 'PASSWORD_TOO_SHORT'],
    ['🔑'.repeat(9), 'PASSWORD_TOO_SHORT'],
    ['x'.repeat(1001), 'PASSWORD_TOO_LONG'],
    ['password123', 'PASSWORD_COMMON'],
    ['QWERTYUIOP', 'PASSWORD_COMMON'],
    ['my name is Maria!', 'PASSWORD_HAS_NAME'],
    ['m-a-r-i-a-1999', 'PASSWORD_HAS_NAME'],
    ['Northwind Traders 1', 'PASSWORD_HAS_NAME'],
    ['northwindTRADERS', 'PASSWORD_HAS_NAME'],
  ])('%j is refused: %s', async (password, code) => {
    const checking = checkPassword(rules, { password, login: 'maria@example.com' })
    await expect(checking).rejects.toMatchObject({ code, status: 422 })
    await expect(checking).rejects.toHaveProperty('fields.password')
  })

  test.each([
    'ten chars!',
    'aaaa bbbb cccc',
    'correct horse battery staple',
    '🔑'.repeat(10),
    'ærø og læsø 7',
    'the northern wind',
    'x'.repeat(1000),
    '          ',
  ])('%j will do: any characters, no rules about kinds', async (password) => {
    await expect(checkPassword(rules, { password, login: 'maria@example.com' })).resolves.toBeUndefined()
  })

  test('is as long as the site wants', async () => {
    const strict = { ...rules, passwords: { shortest: 20 } }
    const checking = checkPassword(strict, { password: 'only eighteen long', login: 'maria' })
    await expect(checking).rejects.toThrow('at least 20 characters')
  })

  test('may hold names too short to mean anything', async () => {
    const short = { ...rules, site: { title: 'On' } }
    await expect(checkPassword(short, { password: 'on and on we go', login: 'we' })).resolves.toBeUndefined()
  })
})

describe('an account without a password', () => {
  test('is not ready, and no password fits it', async () => {
    const account = await createAccount(site.djet, { login: 'invited' })
    expect(account.ready).toBe(false)
    for (const password of ['', ' ', 'null', 'quiet-river-1'])
      expect(await authenticate(site.djet, 'invited', password)).toBeNull()
  })

  test('is refused with as much work as one with a password and one that does not exist', async () => {
    const known = { login: 'known', password: 'quiet-river-1' }
    if (!(await findAccount(site.djet, known.login))) await createAccount(site.djet, known)
    const work = new Map<string, number[]>()
    for (let n = 0; n < 7; n++) {
      for (const login of [known.login, 'invited', 'nobody']) {
        const before = process.cpuUsage()
        await authenticate(site.djet, login, 'wrong-password')
        const { user, system } = process.cpuUsage(before)
        work.set(login, [...(work.get(login) ?? []), user + system])
      }
    }
    // The processor's time, since the clock counts what else the machine does; the least of each, since so does this process.
    const [usual = 0, invited = 0, nobody = 0] = [...work.values()].map((list) => Math.min(...list))
    for (const other of [invited, nobody]) {
      expect(other / usual).toBeGreaterThan(0.5)
      expect(other / usual).toBeLessThan(2)
    }
  })
})

test('sessions of an account are listed and ended one by one, others stay', async () => {
  const { djet } = site
  const a = await createAccount(djet, { login: 'a-user', password: 'quiet-river-1' })
  const b = await createAccount(djet, { login: 'b-user', password: 'quiet-river-1' })
  await djet.query(
    `insert into djet.session (token_hash, account_id, seen, expires, address, user_agent)
     select sha256(n::text::bytea), case when n < 5 then $1::int else $2::int end, now() - n * interval '1 hour',
       case when n = 4 then now() - interval '1 s' else now() + interval '1 day' end, '192.0.2.' || n, 'curl/8'
     from generate_series(1, 6) n`,
    [a.id, b.id],
  )
  const sessions = await sessionsOf(djet, a.id)
  expect(sessions.map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3'])
  expect(await endSessions(djet, { accountId: b.id, id: sessions[0]!.id })).toBe(0)
  expect(await endSessions(djet, { accountId: a.id, id: sessions[0]!.id })).toBe(1)
  expect(await endSessions(djet, { accountId: a.id, except: sessions[1]!.id })).toBe(2)
  expect((await sessionsOf(djet, a.id)).map(({ id }) => id)).toEqual([sessions[1]!.id])
  expect(await endSessions(djet, { accountId: a.id })).toBe(1)
  expect(await sessionsOf(djet, b.id)).toHaveLength(2)
})

test('the migration goes down and up with accounts that have no password', async () => {
  const { app, djet } = site
  const features = featuresOf(app)
  for (;;) {
    const [undone] = await migrateDown(app.database, features, { steps: 1, plugin: 'core' }, app.log)
    if (undone === undefined || undone.name === '0003_account') break
  }
  const rows = await djet.query<{ password_hash: string }>('select password_hash from djet.account')
  for (const { password_hash } of rows) expect(password_hash).toMatch(/^\$argon2id\$/)
  await migrateUp(app.database, features, app.log)
  expect(await findAccount(djet, 'known')).toMatchObject({ ready: true })
  expect(await authenticate(djet, 'invited', 'quiet-river-1')).toBeNull()
  expect(await authenticate(djet, 'known', 'quiet-river-1')).not.toBeNull()
})
