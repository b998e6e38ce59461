import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import { addUser, type UsersOptions, users } from '../index.ts'
import { addressKey, countAttempt, inMinutes, removeOldAttempts } from '../model/attempts.ts'
import { checkOptions } from '../options.ts'

const options = { lockout: { attempts: 3, perAddress: 12, minutes: 15 } }
const settings = checkOptions(options)
let site: TestSite

beforeAll(async () => {
  site = await createTestSite({ plugins: [users(options)], config: { trustProxy: true } })
  await addUser(site.djet, { login: 'nancy', password: 'quiet-river-7' })
  await addUser(site.djet, { login: 'boss', password: 'quiet-river-7', roles: ['admin'] })
})
beforeEach(() => site.djet.query('delete from users.attempt').then(() => {}))
afterAll(() => site.close())

const attempt = async (login: string, password: string, from = '192.0.2.1', accept = 'text/html') =>
  (await site.visitor()).post('/login', { login, password }, { headers: { 'x-forwarded-for': from, accept } })

describe('too many wrong passwords', () => {
  test('lock the account, for the right one too, and say how long', async () => {
    for (let n = 0; n < 3; n++) expect((await attempt('nancy', 'wrong')).status).toBe(401)
    const answer = await attempt('Nancy ', 'quiet-river-7', '198.51.100.9')
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(800)
    expect(answer.text).toMatch(/role="alert"><p>Too many attempts\. Try again in 15 minutes\./)
    expect(answer.text).toContain('value="Nancy"')
    expect(answer.headers.getSetCookie().join()).not.toContain('djet_session')
    expect((await attempt('boss', 'quiet-river-7')).status).toBe(303)
  })

  test('of a login that nobody has are answered alike', async () => {
    const answers = async (login: string) => {
      const list = []
      for (let n = 0; n < 4; n++) list.push(await attempt(login, 'wrong'))
      return list.map(({ status, text }) => [
        status,
        text.replaceAll(login, '…').replace(/name="_csrf" value="[^"]+"/g, ''),
      ])
    }
    expect(await answers('nobody')).toEqual(await answers('nancy'))
  })

  test('are noted with the login, unless nobody is called so: it may be a password', async () => {
    await attempt('nancy', 'wrong')
    await attempt('my-secret-password', '')
    await attempt('my-secret-password', 'wrong')
    const lines = await site.djet.query(
      "select subject, data from djet.audit where action = 'users.login-refused' order by id desc limit 2",
    )
    expect(lines).toEqual([
      { subject: 'unknown login', data: { address: '192.0.2.1' } },
      { subject: 'nancy', data: { address: '192.0.2.1' } },
    ])
  })

  test('at the same time are not more than one after the other', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => (await attempt('nancy', 'wrong')).status),
    )
    expect(statuses.filter((status) => status === 401)).toHaveLength(3)
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
  })

  test('are forgotten after the right one', async () => {
    for (let n = 0; n < 2; n++) await attempt('nancy', 'wrong')
    expect((await attempt('nancy', 'quiet-river-7')).status).toBe(303)
    for (let n = 0; n < 3; n++) expect((await attempt('nancy', 'wrong')).status).toBe(401)
  })

  test('of many accounts from one address lock the address, and no other', async () => {
    for (let n = 0; n < 12; n++) expect((await attempt(`user${n}`, 'wrong')).status).toBe(401)
    expect((await attempt('boss', 'quiet-river-7')).status).toBe(429)
    expect((await attempt('boss', 'quiet-river-7', '192.0.2.2')).status).toBe(303)
  })

  test('are an error with a code for programs', async () => {
    for (let n = 0; n < 3; n++) await attempt('nancy', 'wrong', '192.0.2.1', 'application/json')
    const answer = await attempt('nancy', 'wrong', '192.0.2.1', 'application/json')
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).not.toBeNull()
    expect(answer.json()).toMatchObject({ error: { code: 'TOO_MANY_ATTEMPTS' } })
  })

  test('count in the database, where other processes see them', async () => {
    const other = await import('../../../core/index.ts').then(({ openConfig }) =>
      openConfig({ plugins: [users(options)] }, '/tmp', { databaseUrl: site.databaseUrl, poolSize: 2 }),
    )
    for (let n = 0; n < 3; n++) await countAttempt(other.scope(), settings, 'account', 'nancy')
    await other.stop()
    expect((await attempt('nancy', 'quiet-river-7')).status).toBe(429)
  })

  test('end with the time', async () => {
    for (let n = 0; n < 4; n++) await attempt('nancy', 'wrong')
    await site.djet.query('update users.attempt set expire = $1', [Date.now() - 1])
    expect((await attempt('nancy', 'quiet-river-7')).status).toBe(303)
    await site.djet.query('update users.attempt set expire = $1', [Date.now() - 1])
    await removeOldAttempts(site.app)
    expect(await site.djet.query('select 1 from users.attempt')).toEqual([])
  })
})

describe('an administrator', () => {
  test('sees who is locked and unlocks him', async () => {
    for (let n = 0; n < 4; n++) await attempt('nancy', 'wrong')
    const boss = await (await site.visitor()).login('boss', 'quiet-river-7')
    expect((await boss.get('/users/nancy')).text).toContain('>locked</span> for 15 minutes')
    expect((await boss.post('/users/nancy/unlock', {})).status).toBe(303)
    expect((await boss.get('/users/nancy')).text).not.toContain('>locked<')
    expect((await attempt('nancy', 'quiet-river-7')).status).toBe(303)
    const [line] = await site.djet.query(
      "select login, subject from djet.audit where action = 'users.unlock'",
    )
    expect(line).toEqual({ login: 'boss', subject: 'nancy' })
  })
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['', ''],
])('the address %s counts as %s', (address, key) => {
  expect(addressKey(address)).toBe(key)
})

test.each([
  [1, '1 second'],
  [60, '60 seconds'],
  [61, '2 minutes'],
  [900, '15 minutes'],
])('%d seconds are %s', (seconds, text) => {
  expect(inMinutes(seconds)).toBe(text)
})

test.each([
  [{ lockout: { attempts: 1 } }, /option 'lockout.attempts'/],
  [{ lockout: { attemps: 5 } }, /unknown option 'lockout.attemps'\. Did you mean 'attempts'/],
  [{ secondFactor: 'always' as 'staff' }, /option 'secondFactor'/],
])('the options %j are refused', (wrong, message) => {
  expect(() => users(wrong as UsersOptions)).toThrow(message)
})
