import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminSite, openAdminSite } from './admin-site.ts'

let it: AdminSite
beforeAll(async () => {
  it = await openAdminSite()
}, 60_000)
afterAll(() => it?.close())

/** The cell of a role and a permission, without markup. */
function cell(html: string, role: string, permission: string): string {
  const row = html
    .split('<tr>')
    .find((part) => part.includes(`<td data-label="Role"><strong>${role}</strong>`))!
  const [, inner = ''] = new RegExp(`data-label="${permission}">(.*?)</td>`, 's').exec(row)!
  return inner
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

describe('access', () => {
  test('says of each role what it may do, and which node says so', async () => {
    const { text } = await it.boss.get('/admin/access?node=/garden/roses')
    expect(cell(text, 'everyone', 'view')).toBe('yes /')
    expect(cell(text, 'staff', 'edit')).toBe('yes /garden')
    expect(cell(text, 'staff', 'publish')).toBe('yes /garden, by editing')
    expect(cell(text, 'user', 'view')).toBe('yes / for everyone')
    expect(cell(text, 'user', 'edit')).toBe('no no rule speaks of it')
    expect(cell((await it.boss.get('/admin/access?node=/admin')).text, 'everyone', 'view')).toBe(
      'no the type of /admin',
    )
    expect(cell((await it.boss.get('/admin/access?node=/office')).text, 'staff', 'view')).toBe(
      'no no rule speaks of it',
    )
  })

  test('says of a user what he may do', async () => {
    const { text } = await it.boss.get('/admin/access?node=/garden&login=gardener')
    expect(text).toContain('gardener (gardener)')
    expect(text).toContain('/garden for staff')
    const boss = await it.boss.get('/admin/access?node=/garden&login=admin')
    expect(boss.text).toContain('administrators may do everything')
    expect((await it.boss.get('/admin/access?login=nobody')).text).toContain('There is no user nobody')
    expect((await it.boss.get('/admin/access?node=/nowhere')).text).toContain('There is no page at /nowhere')
  })

  test('is shown and set by who may administer there, nobody else', async () => {
    expect((await it.gardener.get('/admin/access?node=/garden')).status).toBe(403)
    expect((await it.gardener.get('/admin/access?node=/nowhere')).status).toBe(403)
    const rules = { node: '/garden', 'role-0': 'staff', 'mode-0': 'own', 'permission-0': '*' }
    expect((await it.gardener.post('/admin/access', rules)).status).toBe(403)
    expect((await it.gardener.get('/admin/tree')).text).not.toContain('/admin/audit')
  })

  test('rules are set, counted as a version, noted, and undone', async () => {
    const { nodes } = it.site.djet
    const before = await nodes.require('/garden')
    const form = new FormData()
    for (const [name, value] of [
      ['node', '/garden'],
      ['version', String(before.version)],
      ['role-0', 'staff'],
      ['mode-0', 'own'],
      ['permission-0', 'view'],
      ['permission-0', 'edit'],
      ['role-1', 'user'],
      ['mode-1', 'inherit'],
      ['role-2', 'cook'],
      ['mode-2', 'own'],
    ] as const)
      form.append(name, value)
    const body = new URLSearchParams(
      [...form].map(([name, value]): [string, string] => [name, String(value)]),
    )
    body.set('_csrf', await it.boss.token())
    const answer = await it.boss.request('POST', '/admin/access', body)
    expect(answer.location).toBe('/admin/access?node=%2Fgarden')
    const after = await nodes.require('/garden')
    expect(after).toMatchObject({ acl: { staff: ['view', 'edit'], cook: [] }, version: before.version + 1 })
    const stale = await it.boss.post('/admin/access', {
      node: '/garden',
      'role-0': 'staff',
      version: String(before.version),
    })
    expect(stale.status).toBe(409)
    expect(stale.text).toContain('in the meantime')
    for (const wrong of [
      { 'role-0': 'admin' },
      { 'role-0': 'a b' },
      { 'role-0': 'x', 'permission-0': '<b>' },
      { 'role-0': '', 'permission-0': 'view' },
    ]) {
      const refused = await it.boss.post('/admin/access', { node: '/garden', 'mode-0': 'own', ...wrong })
      expect(refused.status).toBe(422)
    }
    expect((await nodes.require('/garden')).acl).toEqual(after.acl)
    // What is ticked where no rule is chosen is not dropped in silence, and stays in the form.
    const ticked = { 'role-0': 'cook', 'mode-0': 'inherit', 'role-1': 'smith', 'permission-1': 'publish' }
    const asked = (await it.boss.post('/admin/access', { node: '/garden', ...ticked })).text
    expect(asked).toContain('What is ticked for smith counts only when it has a rule of its own')
    expect(asked).toMatch(/value="smith".*value="publish" checked/s)
    expect((await nodes.require('/garden')).acl).toEqual(after.acl)
    expect((await it.boss.post('/admin/access', { node: '/garden' })).status).toBe(422)
    const none = { node: '/garden', 'role-0': 'staff', 'mode-0': 'inherit' }
    await it.boss.post('/admin/access', { ...none, version: String(after.version) })
    expect((await nodes.require('/garden')).acl).toBeNull()
    const audit = await it.boss.get(`/admin/audit?node=/garden&action=node.save`)
    expect(audit.text).toContain('cook')
  })
})

describe('the audit', () => {
  test('is filtered by who, action, door, page and time, and paged', async () => {
    const { djet } = it.site
    for (let n = 0; n < 60; n++)
      await djet.audit({ action: 'test.knock', login: 'ghost', subject: `door ${n}` })
    const first = (await it.boss.get('/admin/audit?user=ghost')).text
    expect(first.match(/data-label="Action"/g)).toHaveLength(50)
    const next = /rel="next" href="([^"]+)"/.exec(first)![1]!.replaceAll('&amp;', '&')
    expect((await it.boss.get(`/admin/audit${next}`)).text.match(/data-label="Action"/g)).toHaveLength(10)
    const count = async (query: string) =>
      (await it.boss.get(`/admin/audit?${query}`)).text.match(/data-label="Action"/g)?.length ?? 0
    expect(await count('user=ghost&door=page')).toBe(0)
    expect(await count('action=login.done&user=nobody')).toBe(0)
    expect(await count('user=ghost&until=2020-01-01')).toBe(0)
    expect(await count('user=ghost&since=2020-01-01')).toBe(50)
    expect(await count('node=/nowhere')).toBe(0)
    expect((await it.boss.get('/admin/audit?door=window')).status).toBe(400)
    expect((await it.boss.get('/admin/audit?since=yesterday')).status).toBe(400)
    expect((await it.gardener.get('/admin/audit')).status).toBe(403)
  })
})

describe('basetypes', () => {
  test('are listed with plugin, places, fields and number of nodes', async () => {
    await it.site.djet.query("update djet.node set basetype = 'lost' where path = '/garden/tulips'")
    const { text, status } = await it.gardener.get('/admin/basetypes')
    expect(status).toBe(200)
    const row = (name: string) =>
      text
        .split('<tr>')
        .find((part) => part.includes(`<code>${name}</code>`))!
        .replace(/<[^>]+>|\s+/g, ' ')
    expect(row('page')).toMatch(/core .*any .*Text +body: html/)
    expect(row('user')).toMatch(/users +3 +users +none/)
    expect(row('admin')).toMatch(/admin +1 of 1/)
    expect(row('lost')).toContain('no plugin brings it')
  })
})

test('each page answers programs with its values as JSON', async () => {
  const { id } = await it.site.djet.nodes.require('/garden')
  for (const [path, key] of [
    ['/admin/tree?at=/garden', 'tree'],
    ['/admin/tree?q=g', 'found'],
    [`/admin/node/${id}/move?to=/office`, 'report'],
    [`/admin/node/${id}/versions`, 'versions'],
    [`/admin/node/${id}/diff?from=1`, 'differences'],
    ['/admin/trash', 'trash'],
    ['/admin/redirects', 'redirects'],
    ['/admin/access?node=/garden', 'matrix'],
    ['/admin/audit', 'audit'],
    ['/admin/basetypes', 'basetypes'],
  ] as const) {
    const answer = await it.boss.get(path, { accept: 'application/json' })
    expect(answer.status, path).toBe(200)
    expect(answer.json()[key], path).toBeTruthy()
  }
})
