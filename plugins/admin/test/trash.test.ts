import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminSite, openAdminSite } from './admin-site.ts'

let it: AdminSite
beforeAll(async () => {
  it = await openAdminSite()
}, 60_000)
afterAll(() => it?.close())

describe('the trash', () => {
  const trashed = async (path: string) => (await it.site.djet.nodes.trash(path)).id

  test('shows what one may put back, and puts it back', async () => {
    const roses = await trashed('/garden/roses')
    const office = await trashed('/office')
    const list = (await it.gardener.get('/admin/trash')).text
    expect(list).toContain('/garden/roses')
    expect(list).not.toContain('/office')
    expect(list).not.toContain('Empty the trash')
    expect((await it.boss.get('/admin/trash')).text).toContain('/office')
    for (const action of ['restore', 'purge']) {
      expect((await it.gardener.post(`/admin/trash/${office}/${action}`, {})).status).toBe(404)
    }
    expect((await it.gardener.post('/admin/trash/empty', {})).status).toBe(403)
    const back = await it.gardener.post(`/admin/trash/${roses}/restore`, {})
    expect(back.location).toMatch(/^\/admin\/tree\?node=\d+/)
    expect((await it.gardener.get('/garden/roses/tea')).status).toBe(200)
    await it.boss.post(`/admin/trash/${office}/restore`, {})
    expect((await it.gardener.get('/admin/trash')).text).toContain('There is nothing in the trash')
  })

  test('asks for another place when the old one is taken or gone', async () => {
    const tea = await trashed('/garden/roses/tea')
    await it.make('/garden/roses', 'Tea')
    const taken = await it.gardener.post(`/admin/trash/${tea}/restore`, {})
    expect(taken.status).toBe(409)
    expect(taken.text).toContain('id="part-error">is taken')
    expect(taken.text).toContain('value="/garden/roses"')
    const elsewhere = await it.gardener.post(`/admin/trash/${tea}/restore`, {
      parent: '/garden/roses',
      part: 'old-tea',
    })
    expect(elsewhere.status).toBe(303)
    expect((await it.gardener.get('/garden/roses/old-tea')).status).toBe(200)
    const again = await trashed('/garden/roses/old-tea')
    await it.site.djet.nodes.delete('/garden/roses')
    // Whoever could edit the place cannot be told any more: only administrators and who trashed it see it.
    const gone = await it.boss.post(`/admin/trash/${again}/restore`, {})
    expect(gone.status).toBe(409)
    expect(gone.text).toContain('id="parent-error">is gone')
    const odd = await it.boss.post(`/admin/trash/${again}/restore`, { parent: '/nowhere', part: 'x' })
    expect(odd.status).toBe(422)
    await it.boss.post(`/admin/trash/${again}/restore`, { parent: '/garden', part: 'tea' })
    expect((await it.gardener.get('/garden/tea')).status).toBe(200)
  })

  test('is paged, emptied by administrators, and of single things by who may edit them', async () => {
    for (let n = 0; n < 55; n++) await it.make('/garden', `Leaf ${n}`)
    for (let n = 0; n < 55; n++) await trashed(`/garden/leaf-${n}`)
    const first = (await it.gardener.get('/admin/trash')).text
    expect(first.match(/data-label="Page"/g)).toHaveLength(50)
    const next = /rel="next" href="([^"]+)"/.exec(first)![1]!
    const second = (await it.gardener.get(`/admin/trash${next}`)).text
    expect(second.match(/data-label="Page"/g)).toHaveLength(5)
    const id = /\/admin\/trash\/(\d+)\/purge/.exec(second)![1]
    expect((await it.gardener.post(`/admin/trash/${id}/purge`, {})).status).toBe(303)
    expect((await it.gardener.post(`/admin/trash/${id}/purge`, {})).status).toBe(404)
    await it.boss.post('/admin/trash/empty', {})
    expect((await it.boss.get('/admin/trash')).text).toContain('54 pages are deleted for good.')
    expect((await it.boss.get('/admin/trash?after=x')).status).toBe(400)
  })
})

describe('redirects', () => {
  const add = (form: Record<string, string>, who = it.boss) =>
    who.post('/admin/redirects', { subtree: 'on', ...form })

  test('are added, changed and removed', async () => {
    expect((await add({ from: '/old', to: '/garden' })).status).toBe(303)
    expect((await it.reader.get('/old/tea')).location).toBe('/garden/tea')
    const list = (await it.boss.get('/admin/redirects?below=/old')).text
    const id = /\/admin\/redirects\/(\d+)"/.exec(list)![1]
    expect((await it.boss.get(`/admin/redirects/${id}`)).text).toContain('value="/old"')
    await it.boss.post(`/admin/redirects/${id}`, { from: '/older', to: 'https://example.com/' })
    expect((await it.reader.get('/older')).location).toBe('https://example.com/')
    expect((await it.reader.get('/old')).status).toBe(404)
    expect((await it.reader.get('/older/x')).status).toBe(404)
    const changed = /\/admin\/redirects\/(\d+)"/.exec(
      (await it.boss.get('/admin/redirects?below=/older')).text,
    )![1]
    await it.boss.post(`/admin/redirects/${changed}/remove`, {})
    expect((await it.reader.get('/older')).status).toBe(404)
    expect((await it.boss.get(`/admin/redirects/${changed}`)).status).toBe(404)
  })

  test('that are wrong come back with a message: loops, taken and odd addresses', async () => {
    await add({ from: '/a', to: '/b' })
    const loop = await add({ from: '/b', to: '/a' })
    expect(loop.status).toBe(409)
    expect(loop.text).toContain('id="to-error">leads back to where it comes from')
    expect(loop.text).toContain('name="from" value="/b"')
    for (const [from, to, status] of [
      ['/garden', '/a', 409],
      ['/a', '/garden', 409],
      ['garden', '/a', 422],
      ['/c', 'javascript:alert(1)', 422],
      ['/c', '', 422],
    ] as const) {
      expect((await add({ from, to })).status, `${from} ${to}`).toBe(status)
    }
    expect(await it.site.djet.nodes.redirectOf('/b')).toBeNull()
  })

  test('of a part of the site are looked after by who may edit that', async () => {
    const all = await it.gardener.get('/admin/redirects')
    expect(all.text).toContain('say below which page')
    expect(all.text).not.toContain('href="/b"')
    expect((await add({ from: '/garden/old', to: '/garden' }, it.gardener)).status).toBe(303)
    expect((await it.gardener.get('/admin/redirects?below=/garden')).text).toContain('/garden/old')
    expect((await add({ from: '/x', to: '/garden' }, it.gardener)).status).toBe(403)
  })
})
