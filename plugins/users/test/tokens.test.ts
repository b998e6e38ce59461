import { afterAll, beforeAll, expect, test } from 'vitest'
import { createToken, findAccount, listAudit } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { addUser, changePassword, setEnabled, users } from '../index.ts'
import { tokenCommand } from '../token-command.ts'

const PASSWORD = 'quiet-river-5'
let site: TestSite
let ann: Visitor
let boss: Visitor

beforeAll(async () => {
  site = await createTestSite({
    plugins: [users()],
    config: { api: { rate: 5, cors: ['https://app.example.com'] } },
  })
  await changePassword(site.djet, { login: 'admin', password: PASSWORD })
  for (const login of ['ann', 'eve'])
    await addUser(site.djet, { login, password: PASSWORD, email: `${login}@example.com` })
  ann = await (await site.visitor()).login('ann', PASSWORD)
  boss = await (await site.visitor()).login('admin', PASSWORD)
}, 60_000)
afterAll(() => site?.close())

const me = (token: string, more: Record<string, string> = {}) =>
  fetch(`${ann.base}/-/api/me`, { headers: { authorization: `Bearer ${token}`, ...more } })

async function djetToken(...args: string[]): Promise<string[]> {
  const lines: string[] = []
  const { app } = site
  await tokenCommand.run({
    args,
    dir: '.',
    open: async () => app,
    print: (line) => void lines.push(line),
    signal: AbortSignal.abort(),
  })
  return lines
}

test('a user makes a token with his password, sees it once, and revokes it', async () => {
  const form = { name: 'deploy', expires: '', scopes: 'write' }
  const wrong = await ann.post('/account/tokens', { ...form, current: 'wrong' })
  expect([wrong.status, wrong.text.includes('value="write" checked')]).toEqual([422, true])
  const past = await ann.post('/account/tokens', { ...form, current: PASSWORD, expires: '2020-01-01' })
  expect(past.text).toContain('id="expires-error"')
  const odd = await ann.post('/account/tokens', { ...form, current: PASSWORD, scopes: 'everything' })
  expect(odd.status).toBe(422)
  const made = await ann.post('/account/tokens', { ...form, current: PASSWORD })
  expect(made.headers.get('cache-control')).toBe('no-store')
  const [token] = /djet_[\w-]{43}/.exec(made.text)!
  const kept = await site.djet.query<{ row: string }>('select t::text as row from djet.api_token t')
  expect(kept).toHaveLength(1)
  expect(kept[0]!.row).not.toContain(token.slice(12))
  expect(await (await me(token)).json()).toMatchObject({
    token: { name: 'deploy', scopes: ['read', 'write'] },
  })
  const listed = (await ann.get('/account/tokens')).text
  expect(listed).toContain(`${token.slice(0, 9)}…`)
  expect(listed).not.toContain(token)
  expect(listed).not.toContain('>never<')
  expect((await ann.get('/account')).text).toContain('/account/tokens')
  const [, id] = /name="id" value="(\d+)"/.exec(listed)!
  const eve = await (await site.visitor()).login('eve', PASSWORD)
  await eve.post('/account/tokens/revoke', { id: id! })
  expect((await me(token)).status).toBe(200)
  await ann.post('/account/tokens/revoke', { id: id! })
  expect((await me(token)).status).toBe(401)
  const { items } = await listAudit(site.djet, { user: 'ann' })
  expect(items.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['users.token', 'users.token-revoke']),
  )
  expect(JSON.stringify(items)).not.toContain(token)
})

test('an administrator sees and revokes those of others; who is disabled loses his', async () => {
  const { id: accountId } = (await findAccount(site.djet, 'eve'))!
  const make = async (name: string) => (await createToken(site.djet, { accountId, name, scopes: [] })).token
  const [one, two] = [await make('one'), await make('two')]
  const page = (await boss.get('/users/eve')).text
  const [, id] = /name="id" value="(\d+)"><button[^>]*>[^<]*Revoke/.exec(page)!
  await boss.post('/users/eve/tokens', { id: id! })
  expect([(await me(one)).status, (await me(two)).status].sort()).toEqual([200, 401])
  await setEnabled(site.djet, { login: 'eve', enabled: false })
  await setEnabled(site.djet, { login: 'eve', enabled: true })
  expect([(await me(one)).status, (await me(two)).status]).toEqual([401, 401])
})

test('a token ends at its time, and when its user is disabled by whatever way', async () => {
  const [token] = (
    await djetToken('create', 'ann', '--name', 'nightly', '--scope', 'jobs', '--until', '2031-01-01')
  )[0]!.split('\n')
  expect((await me(token!)).status).toBe(200)
  await site.djet.query("update djet.account set enabled = false where login = 'ann'")
  expect((await me(token!)).status).toBe(401)
  await site.djet.query("update djet.account set enabled = true where login = 'ann'")
  await site.djet.query('update djet.api_token set expires = now()')
  expect((await me(token!)).status).toBe(401)
  const [line] = await djetToken('list', 'ann')
  expect(line).toMatch(/^\d+\tdjet_.{4}…\tnightly\tread,jobs\tover since .*used /)
  const { items } = await listAudit(site.djet, { action: 'users.token', user: undefined })
  expect(items[0]).toMatchObject({ subject: 'ann', data: { name: 'nightly' } })
  expect(await djetToken('revoke', 'ann', line!.split('\t')[0]!)).toEqual(['1 token is revoked.'])
  expect(await djetToken('list', 'ann')).toEqual(['no tokens'])
  await expect(djetToken('revoke', 'ann')).rejects.toMatchObject({ code: 'USAGE' })
  await expect(djetToken('create', 'nobody', '--name', 'x')).rejects.toMatchObject({ code: 'LOGIN_UNKNOWN' })
})

test('too many requests with one token wait; other sites may ask where the configuration says', async () => {
  const { id: accountId } = (await findAccount(site.djet, 'ann'))!
  const { token } = await createToken(site.djet, { accountId, name: 'busy', scopes: [] })
  const origin = { origin: 'https://app.example.com' }
  const allowed = await me(token, origin)
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
  expect(allowed.headers.get('access-control-expose-headers')).toContain('ETag')
  expect(
    (await me(token, { origin: 'https://evil.example' })).headers.get('access-control-allow-origin'),
  ).toBeNull()
  const asked = { ...origin, 'access-control-request-method': 'PATCH' }
  const preflight = await fetch(`${ann.base}/-/api/nodes/1`, { method: 'OPTIONS', headers: asked })
  expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH')
  expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
  for (let i = 0; i < 3; i++) await me(token)
  const refused = await me(token)
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true])
})
