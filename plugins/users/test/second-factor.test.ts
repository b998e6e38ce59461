import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Answer, Visitor } from '../../../test/visitor.ts'
import { addUser, changePassword, changeRoles, users } from '../index.ts'

let site: TestSite
const PASSWORD = 'quiet-river-5'

beforeAll(async () => {
  site = await createTestSite({ plugins: [users()], config: { site: { title: 'My: Shop' } } })
  await changePassword(site.djet, { login: 'admin', password: PASSWORD })
})
beforeEach(() => site.djet.query('delete from users.attempt').then(() => {}))
afterAll(() => site.close())

/** The code an app shows, so many seconds from now. */
const codeOf = (secret: string, seconds = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + seconds * 1000 })

const secretIn = ({ text }: Answer) => /class="secret">([^<]+)</.exec(text)![1]!.replaceAll(' ', '')
const codesIn = ({ text }: Answer) => [...text.matchAll(/<li><code>([^<]+)</g)].map((found) => found[1]!)

async function withFactor(login: string): Promise<{ visitor: Visitor; secret: string; codes: string[] }> {
  await addUser(site.djet, { login, password: PASSWORD })
  const visitor = await (await site.visitor()).login(login, PASSWORD)
  const secret = secretIn(await visitor.get('/account/second-factor'))
  const answer = await visitor.post('/account/second-factor', { code: codeOf(secret), current: PASSWORD })
  return { visitor, secret, codes: codesIn(answer) }
}

/** Shows the password in a new browser, and is asked for the code. */
async function halfWay(login: string): Promise<Visitor> {
  const visitor = await site.visitor()
  const answer = await visitor.post('/login', { login, password: PASSWORD, return: '/account' })
  expect([answer.status, answer.location]).toEqual([303, '/login/code'])
  return visitor
}

const userOf = async (visitor: Visitor) => (await visitor.json<{ user: unknown }>('/-/session')).user

describe('a second factor', () => {
  test('is set up by a QR code, a first code and the password', async () => {
    await addUser(site.djet, { login: 'nancy', password: PASSWORD })
    const nancy = await (await site.visitor()).login('nancy', PASSWORD)
    const page = await nancy.get('/account/second-factor')
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.text).toContain('<svg xmlns="http://www.w3.org/2000/svg"')
    expect(page.text).not.toMatch(/style=|<style|<script>/)
    const secret = secretIn(page)
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(secretIn(await nancy.get('/account/second-factor'))).toBe(secret)

    const wrong = await nancy.post('/account/second-factor', { code: '000000', current: PASSWORD })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toContain('id="code-error">is not right')
    const other = await nancy.post('/account/second-factor', { code: codeOf(secret), current: 'wrong' })
    expect(other.text).toContain('id="current-error">is not your password')
    expect((await nancy.get('/account')).text).toContain('>off</span>')

    const done = await nancy.post('/account/second-factor', { code: codeOf(secret), current: PASSWORD })
    expect(done.status).toBe(200)
    expect(done.headers.get('cache-control')).toBe('no-store')
    const codes = codesIn(done)
    expect(codes).toHaveLength(10)
    expect(new Set(codes).size).toBe(10)
    for (const code of codes) expect(code).toMatch(/^([a-z2-9]{4}-){3}[a-z2-9]{4}$/)
    const account = await nancy.get('/account')
    expect(account.text).toContain('10 recovery codes are left')
    const rows = await site.djet.query<{ text: string }>(
      'select to_jsonb(c)::text as text from users.recovery_code c',
    )
    for (const code of codes) expect(rows.some(({ text }) => text.includes(code))).toBe(false)
  })

  test('is asked for after the password, and nobody is logged in before', async () => {
    const { secret } = await withFactor('laura')
    const visitor = await halfWay('laura')
    expect(await userOf(visitor)).toBeNull()
    expect((await visitor.get('/account')).status).toBe(303)
    expect((await visitor.get('/login/code')).text).toContain('autocomplete="one-time-code"')
    const wrong = await visitor.post('/login/code', { code: '123' })
    expect(wrong.status).toBe(422)
    expect(await userOf(visitor)).toBeNull()
    const right = await visitor.post('/login/code', { code: codeOf(secret, 30) })
    expect([right.status, right.location]).toEqual([303, '/account'])
    expect(await userOf(visitor)).toMatchObject({ login: 'laura' })
    const [line] = await site.djet.query(
      "select login, data from djet.audit where action = 'users.login' and subject = 'laura' order by id desc limit 1",
    )
    expect(line).toMatchObject({ login: 'laura', data: { factor: 'app' } })
  })

  test('takes no code twice, not even at the same time', async () => {
    const { secret } = await withFactor('robert')
    expect((await (await halfWay('robert')).post('/login/code', { code: codeOf(secret) })).status).toBe(422)
    const code = codeOf(secret, 30)
    const both = await Promise.all(
      [await halfWay('robert'), await halfWay('robert')].map((visitor) =>
        visitor.post('/login/code', { code }),
      ),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([303, 422])
    expect((await (await halfWay('robert')).post('/login/code', { code })).status).toBe(422)
  })

  test('takes no code that is too old or from the future', async () => {
    const { secret } = await withFactor('steven')
    await site.djet.query('update users.second_factor set last_step = 0')
    const visitor = await halfWay('steven')
    for (const seconds of [-90, 90]) {
      const answer = await visitor.post('/login/code', { code: codeOf(secret, seconds) })
      expect(answer.status).toBe(422)
    }
  })

  test('can be a recovery code, each once', async () => {
    const { codes } = await withFactor('janet')
    const visitor = await halfWay('janet')
    expect((await visitor.post('/login/code', { code: ` ${codes[0]!.toUpperCase()} ` })).status).toBe(303)
    expect((await visitor.get('/account')).text).toContain('9 recovery codes are left')
    expect((await (await halfWay('janet')).post('/login/code', { code: codes[0]! })).status).toBe(422)
    expect((await (await halfWay('janet')).post('/login/code', { code: codes[1]! })).status).toBe(303)
  })

  test('is locked after too many wrong codes, though the password is right each time', async () => {
    const { secret } = await withFactor('guess')
    for (let n = 0; n < 10; n++) {
      const visitor = await halfWay('guess')
      expect((await visitor.post('/login/code', { code: '000000' })).status).toBe(422)
    }
    const answer = await (await halfWay('guess')).post('/login/code', { code: codeOf(secret, 30) })
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).not.toBeNull()
    expect(answer.text).toContain('Too many attempts')
  })

  test('cannot be passed without the password', async () => {
    const visitor = await site.visitor()
    const answer = await visitor.post('/login/code', { code: '123456' })
    expect([answer.status, answer.location]).toEqual([303, '/login'])
    expect((await visitor.get('/login/second-factor')).location).toBe('/login')
    expect((await visitor.get('/login/code', { cookie: 'djet_login=x' })).location).toBe('/login')
  })

  test('is not waited for longer than ten minutes', async () => {
    const { secret } = await withFactor('slow')
    const visitor = await halfWay('slow')
    await site.djet.query("update users.token set expires = expires - interval '10 minutes'")
    const answer = await visitor.post('/login/code', { code: codeOf(secret, 30) })
    expect(answer.location).toBe('/login')
    expect(await userOf(visitor)).toBeNull()
  })

  test('tells programs where to go on', async () => {
    await withFactor('robot')
    const visitor = await site.visitor()
    const form = { login: 'robot', password: PASSWORD }
    const answer = await visitor.post('/login', form, { headers: { accept: 'application/json' } })
    expect(answer.status).toBe(401)
    expect(answer.json()).toMatchObject({ error: { code: 'SECOND_FACTOR_NEEDED' } })
  })

  test('is removed with a code, and recovery codes are made anew with one', async () => {
    const { visitor, secret, codes } = await withFactor('margaret')
    expect((await visitor.post('/account/second-factor/codes', { code: '000000' })).status).toBe(422)
    const anew = await visitor.post('/account/second-factor/codes', { code: codes[3]! })
    expect(codesIn(anew)).toHaveLength(10)
    expect((await visitor.post('/account/second-factor/codes', { code: codes[4]! })).status).toBe(422)
    const refused = await visitor.post('/account/second-factor/remove', { 'code-to-remove': '000000' })
    expect(refused.text).toContain('id="code-to-remove-error"')
    const form = { 'code-to-remove': codeOf(secret, 30) }
    expect((await visitor.post('/account/second-factor/remove', form)).location).toBe('/account')
    await (await site.visitor()).login('margaret', PASSWORD)
  })

  test('is reset by an administrator, which ends the sessions', async () => {
    const { visitor } = await withFactor('andrew')
    const admin = await (await site.visitor()).login('admin', PASSWORD)
    expect((await admin.get('/users/andrew')).text).toContain('Reset second factor')
    expect((await admin.get('/users')).text).toContain('data-label="Second factor">on')
    expect((await admin.post('/users/andrew/second-factor/reset', {})).status).toBe(303)
    expect(await userOf(visitor)).toBeNull()
    await (await site.visitor()).login('andrew', PASSWORD)
  })
})

describe('a site that demands it of its staff', () => {
  let strict: TestSite
  beforeAll(async () => {
    strict = await createTestSite({ plugins: [users({ secondFactor: 'staff' })] })
    await addUser(strict.djet, { login: 'clerk', password: PASSWORD, roles: ['staff'] })
    await addUser(strict.djet, { login: 'guest', password: PASSWORD })
  })
  afterAll(() => strict.close())

  test('has it set up before the first login', async () => {
    const visitor = await strict.visitor()
    const answer = await visitor.post('/login', { login: 'clerk', password: PASSWORD, return: '/account' })
    expect(answer.location).toBe('/login/second-factor')
    expect(await userOf(visitor)).toBeNull()
    const page = await visitor.get('/login/second-factor')
    expect(page.text).toContain('Your roles need a second factor')
    const wrong = await visitor.post('/login/second-factor', { code: '000000' })
    expect(wrong.status).toBe(422)
    const done = await visitor.post('/login/second-factor', { code: codeOf(secretIn(page)) })
    expect(codesIn(done)).toHaveLength(10)
    expect(done.text).toContain('href="/account"')
    expect(done.text).toContain('Log out')
    expect(await userOf(visitor)).toMatchObject({ login: 'clerk' })
    const form = { 'code-to-remove': codeOf(secretIn(page), 30) }
    const kept = await visitor.post('/account/second-factor/remove', form)
    expect(kept.status).toBe(422)
    expect(
      await strict.djet.query('select 1 from users.second_factor where confirmed is not null'),
    ).toHaveLength(1)
  })

  test('asks nobody else', async () => {
    await (await strict.visitor()).login('guest', PASSWORD)
  })

  test('ends the session of one who becomes staff without it', async () => {
    await strict.djet.query("update djet.account set roles = '{}' where login = 'admin2'")
    const guest = await (await strict.visitor()).login('guest', PASSWORD)
    await changeRoles(strict.djet, { login: 'guest', roles: ['staff'] })
    const { endWeakSessions } = await import('../model/second-factor.ts')
    await endWeakSessions(strict.djet, ['staff', 'admin'])
    expect(await userOf(guest)).toBeNull()
  })
})
