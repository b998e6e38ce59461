import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MailServer } from '../../../test/mail/mail-server.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { deviceOf } from '../device.ts'
import { addUser, changePassword, users } from '../index.ts'

const PASSWORD = 'quiet-river-5'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
let server: MailServer
let site: TestSite

beforeAll(async () => {
  server = await MailServer.open()
  site = await createTestSite({
    plugins: [users()],
    config: { url: 'https://shop.example', mail: { from: 'shop@shop.example', url: server.url } },
  })
  await changePassword(site.djet, { login: 'admin', password: PASSWORD })
  await addUser(site.djet, { login: 'nancy', password: PASSWORD, email: 'nancy@example.com' })
  await addUser(site.djet, { login: 'laura', password: PASSWORD })
})
beforeEach(() => site.djet.query('delete from users.attempt').then(() => {}))
afterAll(async () => {
  await site.close()
  await server.close()
})

const as = async (login: string) => (await site.visitor()).login(login, PASSWORD)
const userOf = async (visitor: Visitor) => (await visitor.json<{ user: unknown }>('/-/session')).user
const sessionsOf = async (visitor: Visitor) =>
  (
    await visitor.json<{ sessions: { id: number; here: boolean; device: string; address: string }[] }>(
      '/account',
    )
  ).sessions

describe('the account page', () => {
  test('is for those who are logged in, and leads from the name on every page', async () => {
    expect((await (await site.visitor()).get('/account')).location).toBe('/login?return=%2Faccount')
    const nancy = await as('nancy')
    expect((await nancy.get('/')).text).toContain('<a href="/account">nancy</a>')
    expect((await nancy.get('/account')).text).toContain('<dd>nancy@example.com</dd>')
    expect((await nancy.get('/users')).status).toBe(403)
  })

  test('lists the sessions with device and address, this one marked', async () => {
    await site.djet.query('delete from djet.session')
    const nancy = await site.visitor()
    const headers = { 'user-agent': FIREFOX }
    await nancy.post('/login', { login: 'nancy', password: PASSWORD }, { headers })
    await as('nancy')
    await as('laura')
    const sessions = await sessionsOf(nancy)
    expect(sessions).toHaveLength(2)
    expect(sessions.filter(({ here }) => here)).toMatchObject([
      { device: 'Firefox on Linux', address: '127.0.0.1' },
    ])
    expect((await nancy.get('/account')).text).toContain(
      'Firefox on Linux <span class="badge good">this one</span>',
    )
  })

  test('ends one session, or all others', async () => {
    await site.djet.query('delete from djet.session')
    const [here, there, elsewhere, laura] = [
      await as('nancy'),
      await as('nancy'),
      await as('nancy'),
      await as('laura'),
    ]
    const mine = (await sessionsOf(there)).find(({ here }) => here)!
    expect((await here.post('/account/sessions', { id: String(mine.id) })).status).toBe(303)
    expect(await userOf(there)).toBeNull()
    expect(await userOf(elsewhere)).not.toBeNull()
    const lauras = (await sessionsOf(laura))[0]!
    await here.post('/account/sessions', { id: String(lauras.id) })
    expect(await userOf(laura)).not.toBeNull()
    await here.post('/account/sessions', {})
    expect(await userOf(elsewhere)).toBeNull()
    expect(await userOf(here)).not.toBeNull()
    expect(await userOf(laura)).not.toBeNull()
    expect((await here.get('/account')).text).toContain('1 session is ended.')
  })

  test('lets one end the session it is shown in', async () => {
    const nancy = await as('nancy')
    const mine = (await sessionsOf(nancy)).find(({ here }) => here)!
    await nancy.post('/account/sessions', { id: String(mine.id) })
    expect(await userOf(nancy)).toBeNull()
  })
})

describe("one's own password", () => {
  test('is changed with the present one, and the other sessions end', async () => {
    const [here, there] = [await as('nancy'), await as('nancy')]
    const wrong = await here.post('/account/password', { current: 'wrong', password: 'another river 6' })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toContain('id="current-error">is not your password')
    const weak = await here.post('/account/password', { current: PASSWORD, password: 'nancy-and-river' })
    expect(weak.text).toContain('must not contain &#39;nancy&#39;')
    const empty = await here.post('/account/password', { current: '', password: '' })
    expect(empty.text.match(/must be filled in/g)).toHaveLength(2)

    const done = await here.post('/account/password', { current: PASSWORD, password: 'another river 6' })
    expect([done.status, done.location]).toEqual([303, '/account'])
    expect(await userOf(here)).toMatchObject({ login: 'nancy' })
    expect(await userOf(there)).toBeNull()
    const mail = await server.take('nancy@example.com')
    expect(mail.text).toContain('the password of your login nancy at Djet was changed.')
    await changePassword(site.djet, { login: 'nancy', password: PASSWORD })
  })

  test('cannot be guessed by one who found the browser open', async () => {
    const nancy = await as('nancy')
    const form = { current: 'wrong', password: 'another river 6' }
    for (let n = 0; n < 10; n++) expect((await nancy.post('/account/password', form)).status).toBe(422)
    expect((await nancy.post('/account/password', { ...form, current: PASSWORD })).status).toBe(429)
  })
})

describe("one's own e-mail address", () => {
  test('is changed with the password, and the old one is told', async () => {
    const nancy = await as('nancy')
    const wrong = await nancy.post('/account/email', {
      email: 'new@example.com',
      'current-for-email': 'wrong',
    })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toContain('value="new@example.com"')
    const bad = await nancy.post('/account/email', {
      email: 'a@b\r\nBcc: c@d.example',
      'current-for-email': PASSWORD,
    })
    expect(bad.text).toContain('id="email-error">must be an e-mail address')
    const done = await nancy.post('/account/email', {
      email: 'new@example.com',
      'current-for-email': PASSWORD,
    })
    expect(done.status).toBe(303)
    expect((await nancy.get('/account')).text).toContain('<dd>new@example.com</dd>')
    expect((await server.take('nancy@example.com')).text).toContain('the e-mail address of your login nancy')
    const [node] = await site.djet.query<{ data: object; modified_by: string }>(
      "select data, modified_by from djet.node where path = '/users/nancy'",
    )
    expect(node).toEqual({ data: { login: 'nancy', email: 'new@example.com' }, modified_by: 'nancy' })
  })
})

test.each([
  [FIREFOX, 'Firefox on Linux'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Safari on iOS',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
    'Microsoft Edge on Windows',
  ],
  ['curl/8.5.0', 'curl'],
  ['<script>alert(1)</script>', '<script>alert(1)<'],
  ['', 'unknown device'],
  [null, 'unknown device'],
])('the browser %j is %j', (userAgent, device) => {
  expect(deviceOf(userAgent)).toBe(device)
})
