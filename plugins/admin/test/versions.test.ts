import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminSite, openAdminSite } from './admin-site.ts'

let it: AdminSite
beforeAll(async () => {
  it = await openAdminSite()
}, 60_000)
afterAll(() => it?.close())

const text = (path: string) => it.site.djet.nodes.require(path)

describe('versions', () => {
  test('are listed, compared and put back', async () => {
    const { djet } = it.site
    const page = await it.make('/garden', 'Herbs', { body: '<p>Thyme and sage.</p>' })
    await djet.nodes.update(page, { data: { body: '<p>Thyme and mint.</p>' }, note: 'sage is gone' })
    await djet.nodes.update(page, { title: 'All herbs' })
    const list = await it.gardener.get(`/admin/node/${page.id}/versions`)
    expect(list.status).toBe(200)
    expect(list.text).toContain('sage is gone')
    expect(list.text.match(/<tr>/g)).toHaveLength(4)
    const diff = await it.gardener.get(`/admin/node/${page.id}/diff?from=1&to=3`)
    expect(diff.text).toContain('<del>sage</del><ins>mint</ins>')
    expect(diff.text).toContain('<ins>All herbs</ins>')
    expect((await it.gardener.get(`/admin/node/${page.id}/diff?from=3`)).text).toContain('Nothing differs.')
    const restored = await it.gardener.post(`/admin/node/${page.id}/restore`, { version: '1', began: '3' })
    expect(restored.location).toBe(`/admin/node/${page.id}/versions`)
    expect(await text('/garden/herbs')).toMatchObject({ version: 4, title: 'Herbs', modifiedBy: 'gardener' })
    expect((await text('/garden/herbs')).data.body).toContain('sage')
    await it.gardener.post(`/admin/node/${page.id}/restore`, { version: '2', began: '3' })
    expect((await it.gardener.get(`/admin/node/${page.id}/versions`)).text).toContain('in the meantime')
    expect((await text('/garden/herbs')).version).toBe(4)
  })

  test('tell rules of a page to those alone who administer it', async () => {
    const page = await it.make('/garden', 'Ruled')
    await it.site.djet.nodes.update(page, { acl: { 'night-watch': ['view'] } })
    const path = `/admin/node/${page.id}/diff?from=1`
    expect((await it.gardener.get(path)).text).toContain('Nothing differs.')
    expect((await it.boss.get(path)).text).toContain('night-watch')
  })

  test('are paged', async () => {
    const page = await it.make('/garden', 'Often')
    await it.site.djet.query(
      `insert into djet.node_version (node_id, version, basetype, part, name, title, data, status, saved)
       select $1, i, 'page', 'often', 'Often', 'Often ' || i, '{}', 'published', now() from generate_series(1, 120) i`,
      [page.id],
    )
    await it.site.djet.query('update djet.node set version = 121 where id = $1', [page.id])
    let path: string | undefined = `/admin/node/${page.id}/versions`
    const seen: string[] = []
    while (path) {
      const { text } = await it.gardener.get(path)
      seen.push(...[...text.matchAll(/<strong>(\d+)<\/strong>/g)].map(([, id]) => id!))
      const next = /rel="next" href="([^"]+)"/.exec(text)?.[1]
      path = next ? `/admin/node/${page.id}/versions${next}` : undefined
    }
    expect(seen).toEqual(Array.from({ length: 121 }, (_, i) => String(121 - i)))
  })

  test('are nobody’s who may not edit, and odd ones are refused', async () => {
    const office = await text('/office')
    expect((await it.gardener.get(`/admin/node/${office.id}/versions`)).status).toBe(404)
    const root = await text('/')
    expect((await it.gardener.get(`/admin/node/${root.id}/versions`)).status).toBe(403)
    expect((await it.gardener.post(`/admin/node/${root.id}/restore`, { version: '1' })).status).toBe(403)
    expect((await it.boss.get(`/admin/node/${root.id}/diff?from=x`)).status).toBe(400)
    expect((await it.boss.get(`/admin/node/${root.id}/diff?from=99`)).status).toBe(404)
  })
})
