import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { authenticate, type Djet, findAccount } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { addUser, changePassword, changeRoles, users } from '../index.ts'
import { newPassword } from '../seed.ts'

let site: TestSite
let djet: Djet
let admin: Visitor

beforeAll(async () => {
  vi.stubEnv('DJET_ADMIN_PASSWORD', undefined)
  site = await createTestSite({ plugins: [users()] })
  djet = site.djet
  await changePassword(djet, { login: 'admin', password: 'a-quiet-river' })
  admin = await (await site.visitor()).login('admin', 'a-quiet-river')
  await admin.get('/')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await site.close()
})

describe('a new site', () => {
  test('has an administrator whose password was announced once', async () => {
    const [line] = site.app.announcements
    expect(line?.text).toMatch(/^as admin, password [\w-]{16} {2}\(shown this once\)$/)
    expect(await findAccount(djet, 'admin')).toMatchObject({ roles: ['admin', 'staff'], enabled: true })
  })

  test('shows its users to administrators only', async () => {
    const guest = await site.visitor()
    expect((await guest.get('/users')).status).toBe(303)
    expect((await guest.get('/users/admin')).status).toBe(303)
    expect((await admin.get('/users')).text).toContain('<a href="/users/admin">admin</a>')
  })
})

test('a password that the site makes holds no name that none may have', async () => {
  // Of those as long as these, one in 250 would.
  const config = { ...site.djet.config, passwords: { shortest: 100 } }
  const made = await Promise.all(Array.from({ length: 2000 }, () => newPassword({ config }, 'ann')))
  expect(made.filter((password) => /ann/i.test(password.replace(/[-_]/g, '')))).toEqual([])
})

describe('a new user', () => {
  test('has a node and an account, and his password is in neither', async () => {
    const node = await addUser(djet, {
      login: 'Nancy',
      name: 'Nancy Davolio',
      password: 'n-quiet-river',
      email: 'nancy@northwind.example',
      roles: ['staff', 'staff'],
    })
    expect(node).toMatchObject({ path: '/users/nancy', name: 'Nancy Davolio' })
    expect(node.data).toEqual({ login: 'nancy', email: 'nancy@northwind.example' })
    expect(await authenticate(djet, 'nancy', 'n-quiet-river')).toMatchObject({ roles: ['staff'] })
    const rows = await djet.query<{ text: string }>(
      'select to_jsonb(a)::text as text from djet.account a union all select to_jsonb(n)::text from djet.node n',
    )
    expect(rows.filter(({ text }) => text.includes('n-quiet-river'))).toEqual([])
    expect(rows.some(({ text }) => text.includes('$argon2id$'))).toBe(true)
  })

  test.each([
    [{ login: 'two words', password: 'long-enough' }, 'LOGIN_INVALID'],
    [{ login: '', password: 'long-enough' }, 'LOGIN_INVALID'],
    [{ login: '../x', password: 'long-enough' }, 'LOGIN_INVALID'],
    [{ login: 'short', password: '123456789' }, 'PASSWORD_TOO_SHORT'],
    [{ login: 'long', password: 'x'.repeat(1001) }, 'PASSWORD_TOO_LONG'],
    [{ login: 'known', password: 'Qwertyuiop' }, 'PASSWORD_COMMON'],
    [{ login: 'nancy.d', password: 'my-NANCY-D-1948' }, 'PASSWORD_HAS_NAME'],
    [{ login: 'nancy@shop.example', password: 'nancy and the sea' }, 'PASSWORD_HAS_NAME'],
    [{ login: 'title', password: 'the site of djet' }, 'PASSWORD_HAS_NAME'],
    [{ login: 'role', password: 'long-enough', roles: ['everyone'] }, 'ROLE_INVALID'],
    [{ login: 'mail', password: 'long-enough', email: 'no mail' }, 'FIELD_INVALID'],
    [{ login: 'ADMIN', password: 'long-enough' }, 'LOGIN_TAKEN'],
  ])('%j is refused: %s, and nothing of him is left', async (user, code) => {
    const count = () =>
      djet.query('select (select count(*) from djet.account) as a, (select count(*) from djet.node) as n')
    const before = await count()
    await expect(addUser(djet, user)).rejects.toMatchObject({ code })
    expect(await count()).toEqual(before)
  })

  test('counts the characters of his password, not its bytes', async () => {
    await expect(addUser(djet, { login: 'nine', password: '🔑'.repeat(9) })).rejects.toMatchObject({
      code: 'PASSWORD_TOO_SHORT',
    })
    await expect(addUser(djet, { login: 'ten', password: '🔑'.repeat(10) })).resolves.toBeDefined()
  })

  test('is made by the form of the users page', async () => {
    const answer = await admin.post('/users', {
      login: 'janet',
      name: '',
      email: '',
      password: 'j-quiet-river',
      roles: 'staff, editor',
    })
    expect([answer.status, answer.location]).toEqual([303, '/users'])
    expect((await admin.get('/users/janet')).text).toContain('<dd>staff, editor</dd>')
    expect((await findAccount(djet, 'janet'))?.roles).toEqual(['staff', 'editor'])
  })

  test('with a mistake comes back as the form, filled in but for the password', async () => {
    const answer = await admin.post('/users', {
      login: 'janet',
      name: 'J',
      email: '',
      password: 'long-enough',
      roles: '',
    })
    expect(answer.status).toBe(409)
    expect(answer.text).toContain('id="login-error">is taken')
    expect(answer.text).toContain('value="janet"')
    expect(answer.text).not.toContain('long-enough')
    expect((await admin.post('/users', { login: 'x', password: 'short' })).text).toContain(
      'at least 10 characters',
    )
  })
})

describe('the roles of a user', () => {
  test('hold from his next request on', async () => {
    await addUser(djet, { login: 'robert', password: 'r-quiet-river' })
    const robert = await (await site.visitor()).login('robert', 'r-quiet-river')
    expect((await robert.get('/users')).status).toBe(403)
    await admin.post('/users/robert/roles', { roles: 'admin' })
    expect((await robert.get('/users')).status).toBe(200)
    await admin.post('/users/robert/roles', { roles: '' })
    expect((await robert.get('/users')).status).toBe(403)
  })

  test('are refused when they are none', async () => {
    const answer = await admin.post('/users/admin/roles', { roles: 'Big Boss' })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('is no role')
    expect(answer.text).toContain('value="Big Boss"')
    const crumbs = /<nav class="breadcrumbs"[\s\S]*?<\/nav>/.exec(answer.text)?.[0] ?? ''
    expect(crumbs.match(/<li>/g)).toHaveLength(3)
  })

  test('leave the site at least one administrator', async () => {
    await expect(changeRoles(djet, { login: 'admin', roles: ['staff'] })).rejects.toMatchObject({
      code: 'LAST_ADMIN',
      status: 409,
    })
    await addUser(djet, { login: 'second', password: 's-quiet-river', roles: ['admin'] })
    const both = await Promise.allSettled(
      ['admin', 'second'].map((login) => changeRoles(djet, { login, roles: ['staff'] })),
    )
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await djet.query("update djet.account set roles = '{admin,staff}' where login = 'admin'")
  })

  test('keep the last administrator from being deleted', async () => {
    await djet.query("update djet.account set roles = '{}' where login <> 'admin'")
    const answer = await admin.post('/users/admin/-/delete', {})
    expect(answer.status).toBe(409)
    expect(answer.text).toContain('The last administrator cannot be deleted.')
    expect((await admin.get('/users/admin')).status).toBe(200)
  })
})

describe('a new password', () => {
  test('ends all sessions of the user', async () => {
    await addUser(djet, { login: 'laura', password: 'l-quiet-river' })
    const laura = await (await site.visitor()).login('laura', 'l-quiet-river')
    const answer = await admin.post('/users/laura/password', { password: 'other-password' })
    expect(answer.status).toBe(303)
    expect(await laura.json('/-/session')).toMatchObject({ user: null })
    expect(await authenticate(djet, 'laura', 'l-quiet-river')).toBeNull()
    expect(await authenticate(djet, 'laura', 'other-password')).not.toBeNull()
  })

  test('that is too short is refused at its field', async () => {
    const answer = await admin.post('/users/admin/password', { password: 'short' })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('id="password-error">must have at least 10 characters')
  })

  test('of nobody is refused', async () => {
    await expect(changePassword(djet, { login: 'nobody', password: 'long-enough' })).rejects.toMatchObject({
      code: 'LOGIN_UNKNOWN',
      status: 404,
    })
  })
})

describe('a deleted user', () => {
  test('cannot log in any more', async () => {
    await addUser(djet, { login: 'gone', password: 'g-quiet-river' })
    const gone = await (await site.visitor()).login('gone', 'g-quiet-river')
    await admin.post('/users/gone/-/delete', {})
    expect(await authenticate(djet, 'gone', 'g-quiet-river')).toBeNull()
    expect(await gone.json('/-/session')).toMatchObject({ user: null })
  })
})
