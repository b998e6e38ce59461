import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import { addUser, users } from '../index.ts'

let site: TestSite

beforeAll(async () => {
  site = await createTestSite({ plugins: [users()] })
  await addUser(site.djet, { login: 'nancy', name: 'Nancy', password: 'n-quiet-river', roles: ['staff'] })
})
afterAll(() => site.close())

const right = { login: 'nancy', password: 'n-quiet-river' }

describe('a login', () => {
  test('gives a cookie that scripts and other sites cannot use', async () => {
    const visitor = await site.visitor()
    const answer = await visitor.post('/login', right)
    expect([answer.status, answer.location]).toEqual([303, '/'])
    const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('djet_session='))
    expect(cookie).toMatch(/; httponly/i)
    expect(cookie).toMatch(/; samesite=lax/i)
    expect(cookie).toMatch(/; path=\//i)
    expect(cookie).toMatch(/^djet_session=[\w-]{43};/)
    expect((await visitor.get('/')).text).toContain('Welcome, Nancy.')
    expect(await visitor.json('/-/session')).toMatchObject({ user: { login: 'nancy', roles: ['staff'] } })
  })

  test('leaves only the hash of its cookie in the database', async () => {
    const visitor = await site.visitor()
    const answer = await visitor.post('/login', right)
    const token = /djet_session=([\w-]+)/.exec(answer.headers.getSetCookie().join())?.[1] ?? ''
    const rows = await site.djet.query<{ text: string }>(
      'select to_jsonb(s)::text as text from djet.session s',
    )
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.some(({ text }) => text.includes(token))).toBe(false)
    expect(rows.some(({ text }) => text.includes(Buffer.from(token).toString('hex')))).toBe(false)
  })

  test('does not mind capital letters and spaces around the name', async () => {
    const visitor = await site.visitor()
    expect((await visitor.post('/login', { ...right, login: ' Nancy ' })).status).toBe(303)
  })

  test('with a wrong password, and one that nobody has, are refused with the same words', async () => {
    const visitor = await site.visitor()
    const wrong = await visitor.post('/login', { login: 'nancy', password: 'wrong-password' })
    const unknown = await visitor.post('/login', { login: 'nobody', password: 'wrong-password' })
    for (const [answer, login] of [
      [wrong, 'nancy'],
      [unknown, 'nobody'],
    ] as const) {
      expect(answer.status).toBe(401)
      expect(answer.text).toContain('does not fit this login')
      expect(answer.text).toContain(`value="${login}"`)
      expect(answer.text).not.toContain('wrong-password')
      expect(answer.headers.getSetCookie().join()).not.toContain('djet_session')
    }
  })

  test('left empty comes back with a message at each field', async () => {
    const { status, text } = await (await site.visitor()).post('/login', { login: ' ', password: '' })
    expect(status).toBe(422)
    expect(text).toContain('id="login-error">must be filled in')
    expect(text).toContain('id="password-error">must be filled in')
  })

  test('of an account that is switched off is refused, and its sessions end', async () => {
    await addUser(site.djet, { login: 'steven', password: 's-quiet-river' })
    const steven = await (await site.visitor()).login('steven', 's-quiet-river')
    await site.djet.query("update djet.account set enabled = false where login = 'steven'")
    expect(await steven.json('/-/session')).toMatchObject({ user: null })
    const again = await (await site.visitor()).post('/login', {
      login: 'steven',
      password: 's-quiet-river',
    })
    expect(again.status).toBe(401)
  })

  test('with a password of a megabyte is refused at once', async () => {
    const answer = await (await site.visitor()).post('/login', {
      login: 'nancy',
      password: 'x'.repeat(900_000),
    })
    expect(answer.status).toBe(401)
  })

  test.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\\tevil',
    'https://evil.example/',
    'javascript:alert(1)',
    'evil.example',
    '',
  ])('asked to go on to %j goes to the first page', async (to) => {
    const visitor = await site.visitor()
    const form = await visitor.get(`/login?return=${encodeURIComponent(to)}`)
    expect(form.text).toContain('name="return" value="/"')
    const answer = await visitor.post('/login', { ...right, return: to })
    expect([answer.status, answer.location]).toEqual([303, '/'])
  })

  test('asked to go on to a page of the site goes there', async () => {
    const answer = await (await site.visitor()).post('/login', { ...right, return: '/users?after=x#new' })
    expect(answer.location).toBe('/users?after=x#new')
  })
})

describe('a logout', () => {
  test('ends the session here and in the database', async () => {
    const visitor = await (await site.visitor()).login('nancy', 'n-quiet-river')
    const count = async () =>
      (await site.djet.query('select 1 from djet.session where account_id is not null')).length
    const before = await count()
    const answer = await visitor.post('/logout', {})
    expect([answer.status, answer.location]).toEqual([303, '/'])
    expect(await count()).toBe(before - 1)
    expect((await visitor.get('/')).text).toContain('You are logged out.')
    expect(await visitor.json('/-/session')).toMatchObject({ user: null })
  })

  test('makes a stolen cookie worthless', async () => {
    const visitor = await site.visitor()
    const answer = await visitor.post('/login', right)
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    const thief = await site.visitor()
    const asThief = async () => (await thief.get('/-/session', { cookie })).json<{ user: unknown }>().user
    expect(await asThief()).not.toBeNull()
    await visitor.post('/logout', {})
    expect(await asThief()).toBeNull()
  })

  test('needs a form: a link from another page logs nobody out', async () => {
    const visitor = await (await site.visitor()).login('nancy', 'n-quiet-river')
    expect((await visitor.get('/logout')).text).toContain('You are logged in as Nancy.')
    expect((await visitor.post('/logout', {}, { withoutToken: true })).status).toBe(403)
    expect(await visitor.json('/-/session')).toMatchObject({ user: { login: 'nancy' } })
  })
})

describe('a session', () => {
  test('ends when its time is over', async () => {
    const visitor = await (await site.visitor()).login('nancy', 'n-quiet-river')
    await site.djet.query("update djet.session set expires = now() - interval '1 second'")
    expect(await visitor.json('/-/session')).toMatchObject({ user: null })
  })

  test('is not one for a cookie that was made up', async () => {
    const visitor = await site.visitor()
    for (const cookie of [
      'djet_session=x',
      'djet_session=',
      `djet_session=${'a'.repeat(43)}`,
      'djet_session="\u00ff',
    ])
      expect((await visitor.get('/', { cookie })).status).toBe(200)
  })

  test('goes on under a new token after a login', async () => {
    const visitor = await (await site.visitor()).login('nancy', 'n-quiet-river')
    const again = await visitor.post('/login', right)
    expect(again.headers.getSetCookie().join()).toContain('djet_session=')
  })
})
