import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAccount } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { addUser, changePassword, changeRoles, listUsers, setEnabled, users } from '../index.ts'
import { accountsFor } from '../model/user.ts'

const PASSWORD = 'quiet-river-5'
let site: TestSite
let admin: Visitor

beforeAll(async () => {
  site = await createTestSite({ plugins: [users()] })
  await changePassword(site.djet, { login: 'admin', password: PASSWORD })
  admin = await (await site.visitor()).login('admin', PASSWORD)
})
afterAll(() => site.close())

const userOf = async (visitor: Visitor) => (await visitor.json<{ user: unknown }>('/-/session')).user
const lastAdmin = { code: 'LAST_ADMIN', status: 409 }

describe('the last administrator', () => {
  test('is not disabled', async () => {
    await expect(setEnabled(site.djet, { login: 'admin', enabled: false })).rejects.toMatchObject(lastAdmin)
    const answer = await admin.post('/users/admin/disable', {})
    expect(answer.status).toBe(409)
    expect(answer.text).toContain('the last administrator cannot be disabled')
    expect(await userOf(admin)).not.toBeNull()
  })

  test('is not stripped of the role', async () => {
    await expect(changeRoles(site.djet, { login: 'admin', roles: [] })).rejects.toMatchObject(lastAdmin)
    const answer = await admin.post('/users/admin/roles', { roles: 'staff' })
    expect(answer.status).toBe(409)
    expect(answer.text).toContain('id="roles-error">the last administrator cannot be stripped of the role')
  })

  test('is not deleted, as page or with all users', async () => {
    for (const path of ['/users/admin/-/delete', '/users/-/delete']) {
      expect((await admin.post(path, {})).status).toBe(409)
    }
    expect(await findAccount(site.djet, 'admin')).toMatchObject({ enabled: true })
  })

  test('is not one who was invited and has not come, or who is disabled', async () => {
    await addUser(site.djet, { login: 'invited', roles: ['admin'] })
    await addUser(site.djet, { login: 'gone', password: PASSWORD, roles: ['admin'] })
    await setEnabled(site.djet, { login: 'gone', enabled: false })
    await expect(setEnabled(site.djet, { login: 'admin', enabled: false })).rejects.toMatchObject(lastAdmin)
    await expect(changeRoles(site.djet, { login: 'admin', roles: [] })).rejects.toMatchObject(lastAdmin)
    expect((await admin.post('/users/admin/-/delete', {})).status).toBe(409)
  })

  test.each([
    ['by SQL', "update djet.account set enabled = false where 'admin' = any (roles)"],
    ['by SQL', "update djet.account set roles = '{staff}'"],
    ['by SQL', 'update djet.account set password_hash = null'],
    ['by SQL', 'delete from djet.account'],
  ])('is not lost %s: %s', async (_, sql) => {
    await expect(site.djet.query(sql)).rejects.toMatchObject({ code: 'DJ003' })
  })

  test('is one of two who remove each other at once, by all ways', async () => {
    await setEnabled(site.djet, { login: 'gone', enabled: true })
    const ways = {
      disable: (login: string) => setEnabled(site.djet, { login, enabled: false }),
      strip: (login: string) => changeRoles(site.djet, { login, roles: [] }),
      delete: (login: string) =>
        site.djet.query('delete from djet.node where path = $1', [`/users/${login}`]),
    }
    for (const first of [ways.disable, ways.strip]) {
      for (const second of Object.values(ways)) {
        await addUser(site.djet, { login: 'second', password: PASSWORD, roles: ['admin'] })
        await site.djet.query(
          "update djet.account set enabled = true, roles = '{admin,staff}' where login = 'admin'",
        )
        await site.djet.query("update djet.account set enabled = false where login = 'gone'")
        const both = await Promise.allSettled([first('admin'), second('second')])
        expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
        await site.djet.query(
          "update djet.account set enabled = true, roles = '{admin,staff}' where login = 'admin'",
        )
        await site.djet.query("delete from djet.node where path = '/users/second'")
      }
    }
    admin = await (await site.visitor()).login('admin', PASSWORD)
  })
})

describe('a user who is disabled', () => {
  test('is out at once and stays out until he is enabled', async () => {
    await addUser(site.djet, { login: 'nancy', password: PASSWORD })
    const nancy = await (await site.visitor()).login('nancy', PASSWORD)
    expect((await admin.post('/users/nancy/disable', {})).status).toBe(303)
    expect(await userOf(nancy)).toBeNull()
    expect((await admin.get('/users/nancy')).text).toContain('>disabled</span>')
    expect((await nancy.post('/login', { login: 'nancy', password: PASSWORD })).status).toBe(401)
    await admin.post('/users/nancy/enable', {})
    await nancy.login('nancy', PASSWORD)
  })
})

describe('the sessions of a user', () => {
  test('are seen and ended by an administrator', async () => {
    await addUser(site.djet, { login: 'laura', password: PASSWORD })
    const [one, two] = [
      await (await site.visitor()).login('laura', PASSWORD),
      await (await site.visitor()).login('laura', PASSWORD),
    ]
    const { sessions } = await admin.json<{ sessions: { id: number }[] }>('/users/laura')
    expect(sessions).toHaveLength(2)
    await admin.post('/users/laura/sessions', { id: String(sessions[0]!.id) })
    expect((await Promise.all([userOf(one), userOf(two)])).filter(Boolean)).toHaveLength(1)
    await admin.post('/users/laura/sessions', {})
    expect((await Promise.all([userOf(one), userOf(two)])).filter(Boolean)).toEqual([])
    expect((await admin.get('/users/laura')).text).toContain('Logged in nowhere.')
    expect(await userOf(admin)).not.toBeNull()
  })
})

describe('one who may edit users but is no administrator', () => {
  test('manages others, makes no administrators and leaves them alone', async () => {
    await site.djet.nodes.update('/users', { acl: { hr: ['view', 'edit'] } })
    await addUser(site.djet, { login: 'helen', password: PASSWORD, roles: ['hr'] })
    await addUser(site.djet, { login: 'worker', password: PASSWORD })
    const helen = await (await site.visitor()).login('helen', PASSWORD)
    expect((await helen.post('/users/worker/roles', { roles: 'rh' })).status).toBe(303)
    const said = 'No rule of this site speaks of the role &#39;rh&#39; yet: it lets nobody do more.'
    expect((await helen.get('/users/worker')).text).toContain(`${said}</p>`)
    await admin.post('/users/worker/roles', { roles: 'hr rh' })
    expect((await admin.get('/users/worker')).text).toContain(
      `${said} Did you mean &#39;hr&#39;? Known roles: admin, hr`,
    )
    expect((await helen.post('/users/worker/roles', { roles: 'hr' })).status).toBe(303)
    expect((await helen.get('/users/worker')).text).not.toContain('No rule of this site')
    expect((await helen.post('/users/worker/roles', { roles: 'staff admin' })).status).toBe(403)
    expect((await helen.post('/users/helen/roles', { roles: 'admin' })).status).toBe(403)
    const made = await helen.post('/users', { login: 'mole', password: PASSWORD, roles: 'admin' })
    expect(made.status).toBe(403)
    for (const [path, form] of Object.entries({
      roles: { roles: '' },
      password: { password: 'another river 6' },
      disable: {},
      unlock: {},
      sessions: {},
      'second-factor/reset': {},
    }))
      expect([path, (await helen.post(`/users/admin/${path}`, form)).status]).toEqual([path, 403])
    await addUser(site.djet, { login: 'chief', password: PASSWORD, roles: ['admin'] })
    const { id } = await site.djet.nodes.require('/users/chief')
    const deleted = await helen.post('/users/chief/-/delete', {})
    expect([deleted.status, deleted.text]).toEqual([
      409,
      expect.stringContaining('Only an administrator may do this to an administrator.'),
    ])
    const byApi = await helen.request('DELETE', `/-/api/nodes/${id}?permanently=true`, undefined, {
      'if-match': '*',
      'x-csrf-token': await helen.token(),
    })
    expect(byApi.json()).toMatchObject({ status: 409, code: 'NODE_GUARDED' })
    expect((await admin.post('/users/chief/-/delete', {})).status).toBe(303)
    const form = { name: 'Administrator', title: 'Administrator', email: 'helen@example.com' }
    const taken = await helen.post('/users/admin/-/edit', form)
    expect(taken.status).toBe(422)
    expect(taken.text).toMatch(/only an administrator may change the e-mail address/i)
    expect((await helen.post('/users/worker/-/edit', { ...form, name: 'Worker' })).status).toBe(303)
    expect((await admin.post('/users/admin/-/edit', { ...form, email: 'admin@example.com' })).status).toBe(
      303,
    )
    expect(await userOf(admin)).not.toBeNull()
  })

  test('is nobody who may only see them', async () => {
    await site.djet.nodes.update('/users', { acl: { auditor: ['view'] } })
    await addUser(site.djet, { login: 'audrey', password: PASSWORD, roles: ['auditor'] })
    const audrey = await (await site.visitor()).login('audrey', PASSWORD)
    const page = await audrey.json('/users/laura')
    expect(page).not.toHaveProperty('sessions')
    expect((await audrey.get('/users')).text).not.toContain('New user')
    for (const path of ['roles', 'password', 'disable', 'enable', 'invite', 'unlock', 'sessions'])
      expect((await audrey.post(`/users/laura/${path}`, {})).status).toBe(403)
  })
})

describe('the list of users', () => {
  beforeAll(async () => {
    for (let n = 0; n < 25; n++)
      await addUser(site.djet, { login: `page${String(n).padStart(2, '0')}`, name: `Maria Number${n}` })
    await addUser(site.djet, { login: 'zoe', name: "Zoë O'Neil & Søn", email: 'zoe@northwind.example' })
  })

  test('is paged by key, each user once', async () => {
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await listUsers(site.djet, { search: 'maria', limit: 10, after })
      seen.push(...page.items.map(({ login }) => login))
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(seen).toHaveLength(25)
    expect(seen).toEqual([...new Set(seen)].sort())
  })

  test.each([
    ['zo', ['zoe']],
    ['ZOË', ['zoe']],
    ['zoe@north', ['zoe']],
    ["o'neil", ['zoe']],
    ['zoe number', []],
    ['number7 mar', ['page07']],
    ["'; drop table djet.account --", []],
    ['\\', []],
    ['& | ! ( ) : *', []],
    ['\0\u0007', []],
    [' ', undefined],
  ])('finds %j', async (search, logins) => {
    const { items } = await listUsers(site.djet, { search, limit: 1000 })
    if (logins === undefined) expect(items.length).toBeGreaterThan(25)
    else expect(items.map(({ login }) => login)).toEqual(logins)
  })

  test('shows what is searched for, and goes on with it', async () => {
    const page = await admin.get('/users?q=maria&limit=10')
    expect(page.text).toContain('name="q" value="maria"')
    const next = /rel="next" href="([^"]+)"/.exec(page.text)![1]!.replaceAll('&amp;', '&')
    expect((await admin.get(`/users${next}`)).text).toContain('page10')
    expect((await admin.get('/users?q=nobodyatall')).text).toContain('Nobody is found.')
    expect((await admin.get('/users?after=x')).status).toBe(400)
  })

  test('of thousands is read by its indexes', async () => {
    const [{ id } = { id: 0 }] = await site.djet.query<{ id: number }>(
      "select id from djet.node where path = '/users'",
    )
    await site.djet.query(
      `with account as (
         insert into djet.account (login, name, password_hash)
         select 'many' || n, 'Many ' || n, 'x' from generate_series(1, 5000) n returning id, login, name
       ), node as (
         insert into djet.node (parent_id, part, path, basetype, name, title, data)
         select $1, login, '', 'user', name, name, jsonb_build_object('login', login, 'email', login || '@example.com')
         from account returning id, part
       )
       insert into users.profile (node_id, account_id)
       select node.id, account.id from node join account on account.login = node.part`,
      [id],
    )
    await site.djet.query('analyze djet.node, djet.account, users.profile')
    const plans: string[] = []
    const { items } = await site.djet.transaction(async (djet) => {
      const query: typeof djet.query = async (statement, values) => {
        plans.push(JSON.stringify(await djet.query(`explain ${String(statement)}`, values)))
        return djet.query(statement, values)
      }
      const explained = { query } as typeof djet
      await listUsers(explained, { limit: 50 })
      await accountsFor(explained, 'many77@example.com')
      return listUsers(explained, { search: 'many77@' })
    })
    expect(items).toMatchObject([{ login: 'many77', email: 'many77@example.com' }])
    const [all, byEmail, searched] = plans
    expect(all).toContain('account_login')
    expect(byEmail).toContain('user_email')
    expect(searched).toContain('user_search')
    for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on (node|account)/)
  })
})

test('a user is not made by the form for any page, which would make no account', async () => {
  const form = await admin.get('/users/-/new/user')
  expect([form.status, form.location]).toEqual([303, '/users'])
  const answer = await admin.post('/users/-/new/user', { name: 'Half', login: 'half' })
  expect(answer.status).toBe(422)
  expect(answer.text).toContain('A user is made by the form at /users.')
  expect(await site.djet.nodes.get('/users/half')).toBeNull()
})

test('the name of a user is that of his page', async () => {
  await admin.post('/users/laura/-/edit', { name: 'Laura C', title: 'Laura C', email: '' })
  expect(await findAccount(site.djet, 'laura')).toMatchObject({ name: 'Laura C' })
})

test('what was done to users is noted, by whom', async () => {
  const lines = await site.djet.query<{ action: string }>(
    "select distinct action from djet.audit where login = 'admin' and action like 'users.%'",
  )
  expect(lines.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['users.login', 'users.disable', 'users.enable', 'users.end-sessions']),
  )
})
