import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { searchNodes } from '../index.ts'
import { type AdminSite, openAdminSite, rowsOf } from './admin-site.ts'

let it: AdminSite
beforeAll(async () => {
  it = await openAdminSite()
}, 60_000)
afterAll(() => it?.close())

const id = async (path: string) => (await it.site.djet.nodes.require(path)).id
const names = (html: string) => rowsOf(html).map(({ name }) => name)

describe('the tree', () => {
  test('is closed to visitors and to users without a role', async () => {
    const visitor = await it.site.visitor()
    expect((await visitor.get('/admin/tree')).location).toMatch(/^\/login/)
    expect((await it.reader.get('/admin/tree')).status).toBe(403)
    expect((await it.reader.get('/admin')).status).toBe(403)
    expect((await it.boss.get('/admin')).location).toBe('/admin/tree')
  })

  test('shows what the user may see, and opens by links', async () => {
    const answer = await it.boss.get('/admin/tree')
    expect(answer.status).toBe(200)
    expect(names(answer.text)).toEqual(expect.arrayContaining(['Garden', 'Office', 'Users']))
    expect(names(answer.text)).not.toContain('Roses')
    expect(names((await it.gardener.get('/admin/tree')).text)).not.toContain('Office')
    const garden = await id('/garden')
    const link = /href="([^"]*)" aria-label="Open Garden"/.exec(answer.text)?.[1]
    const open = await it.boss.get(link!.replaceAll('&amp;', '&').replace(/#.*/, ''))
    expect(names(open.text)).toEqual(expect.arrayContaining(['Garden', 'Roses', 'Tulips']))
    expect(open.text).toContain('aria-label="Close Garden"')
    expect(open.text).toContain(`node=${garden}`)
  })

  test('tells of an open page below a closed one nothing of what is above, and programs no rules', async () => {
    const { nodes } = it.site.djet
    const acl = { staff: ['view', 'edit'] }
    const { id: shed } = await nodes.insert('/office', { basetype: 'page', name: 'Shed', acl })
    const closed = await id('/office')
    for (const accept of ['text/html', 'application/json']) {
      for (const path of [`/admin/tree?node=${shed}`, `/admin/node/${shed}/move?to=/office/shed`]) {
        const { status, text } = await it.gardener.get(path, { accept })
        expect([path, status, /Office|"acl"/.exec(text)?.[0]]).toEqual([path, 200, undefined])
      }
      const children = await it.gardener.get(`/admin/tree/children?parent=${closed}`, { accept })
      expect([children.status, children.text.includes('/office')]).toEqual([404, false])
    }
    await nodes.delete('/office/shed')
  })

  test('opens the way to the chosen page and shows what can be done with it', async () => {
    const answer = await it.boss.get('/admin/tree?at=/garden/roses/tea')
    expect(names(answer.text)).toEqual(expect.arrayContaining(['Garden', 'Roses', 'Tea']))
    expect(answer.text).toContain('href="/garden/roses/tea/-/edit"')
    expect(answer.text).toContain('Move to the trash')
    expect(answer.text).toContain('/garden/roses/tea/-/new/page')
    expect(answer.text).not.toContain('/-/new/admin')
    const office = await id('/office')
    const hidden = await it.gardener.get(`/admin/tree?node=${office}`)
    expect(hidden.text).toContain('That page does not exist, or is in the trash.')
    expect(hidden.text).not.toContain('>Office<')
    const viewed = await it.gardener.get('/admin/tree?at=/')
    expect(viewed.text).not.toContain('/-/edit')
  })

  test('gives its script the children of one page', async () => {
    const { text, status } = await it.gardener.get(`/admin/tree/children?parent=${await id('/garden')}`)
    expect(status).toBe(200)
    expect(text).not.toContain('<html')
    expect(names(text)).toEqual(['Roses', 'Tulips'])
    const office = await it.gardener.get(`/admin/tree/children?parent=${await id('/office')}`)
    expect(office.status).toBe(404)
    expect((await it.boss.get('/admin/tree/children?parent=x')).status).toBe(404)
    expect((await it.boss.get(`/admin/tree/children?parent=${await id('/')}&after=x`)).status).toBe(400)
  })

  test('offers only what can work, and says what stands in the way', async () => {
    const sheet = async (path: string) =>
      (await it.boss.get(`/admin/tree?at=${path}`)).text.split('id="sheet"')[1]
    const tulips = await sheet('/garden/tulips')
    for (const text of ['>Duplicate<', '>Move<', '>Move to the trash<']) expect(tulips).toContain(text)
    expect(tulips).not.toContain('Duplicate with all below')
    expect(await sheet('/garden')).toContain('Duplicate with all below')
    const administration = await sheet('/admin')
    expect(administration).toContain('>Move<')
    expect(administration).not.toMatch(/>Duplicate|Move to the trash/)
    const gardener = await sheet('/users/gardener')
    expect(gardener).toContain('/users/gardener/-/delete')
    expect(gardener).not.toMatch(/>Duplicate|>Move</)
    const boss = await sheet('/users/admin')
    expect(boss).toContain('The last administrator cannot be deleted.')
    expect(boss).not.toContain('/-/delete')
    const { djet } = it.site
    await djet.nodes.move('/logout', { parent: '/office' })
    expect(await sheet('/office')).not.toContain('Duplicate with all below')
    for (const path of [`/admin/node/${await id('/office')}/trash`, '/office/-/delete']) {
      const question = (await it.boss.get(path)).text
      expect(question).toContain('The site cannot do without /office/logout.')
      expect(question).not.toContain('name="told"')
    }
    expect((await it.boss.post('/office/-/delete', {})).status).toBe(409)
    await djet.nodes.move('/office/logout', { parent: '/' })
    expect((await it.boss.get('/garden/-/new/admin')).status).toBe(409)
  })

  test('survives odd links', async () => {
    for (const query of ['open=a,,-1,99999999999', 'node=abc', 'node=999999', 'from=.,1.,x.y', 'q=%00']) {
      expect((await it.boss.get(`/admin/tree?${query}`)).status, query).toBe(200)
    }
  })

  test('is usable with 100,000 children under one page', { timeout: 120_000 }, async () => {
    const big = await it.make('/', 'Big')
    // Without the other triggers, which would keep the test waiting.
    await it.site.djet.transaction(async (djet) => {
      await djet.query('alter table djet.node disable trigger user, enable trigger admin_node_inserted')
      await djet.query(
        `insert into djet.node (parent_id, part, path, position, basetype, name, title)
         select $1, 'n' || i, '/big/n' || i, i, 'page', 'N' || i, 'Number ' || i from generate_series(1, 100000) as i`,
        [big.id],
      )
      await djet.query('alter table djet.node enable trigger user')
    })
    await it.site.djet.query('analyze djet.node')
    const look = async (path: string) => {
      const answer = await it.boss.get(path)
      expect(answer.status).toBe(200)
      return { names: names(answer.text), text: answer.text }
    }
    const far = await look('/admin/tree?at=/big/n77777')
    expect(far.names).toContain('N77777')
    expect(far.names.length).toBeLessThan(120)
    const list = await look(`/admin/tree/children?parent=${big.id}`)
    expect(list.names).toHaveLength(100)
    const cursor = /data-after="([^"]+)"/.exec(list.text)![1]!
    const more = await look(`/admin/tree/children?parent=${big.id}&after=${cursor}`)
    expect(more.names[0]).toBe('N101')
    const found = await look('/admin/tree?q=number%2099')
    expect(found.text).toContain('/big/n99')
  })
})

describe('search', () => {
  test('finds by how name, title or path begin, page by page, and only what may be seen', async () => {
    const { djet } = it.site
    await djet.nodes.update('/garden/roses/tea', { title: 'Hybrid tea' })
    const find = async (text: string) => (await searchNodes(djet, text)).items.map(({ path }) => path)
    expect(await find('TEA')).toEqual(['/garden/roses/tea'])
    expect(await find('hybrid')).toEqual(['/garden/roses/tea'])
    expect(await find('/garden/t')).toEqual(['/garden/tulips'])
    expect(await find('%')).toEqual([])
    expect(await find('  ')).toEqual([])
    const paths: string[] = []
    for (let after: string | undefined, n = 0; n < 20; n++) {
      const { items, next } = await searchNodes(djet, 'n1234', { limit: 2, after })
      paths.push(...items.map(({ path }) => path))
      if (next === null) break
      after = next
    }
    expect(paths.sort()).toEqual(
      ['', 0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => `/big/n1234${digit}`).sort(),
    )
    expect((await it.gardener.get('/admin/tree?q=office')).text).toContain('Nothing that you may see')
    expect((await it.boss.get('/admin/tree?q=office')).text).toContain('/office')
  })

  test('does not find what is in the trash', async () => {
    await it.make('/garden', 'Weeds')
    const { id: trash } = await it.site.djet.nodes.trash('/garden/weeds')
    expect((await searchNodes(it.site.djet, 'weeds')).items).toEqual([])
    await it.site.djet.nodes.restoreTrash(trash)
    expect((await searchNodes(it.site.djet, 'weeds')).items).toHaveLength(1)
  })

  test('does not find what was renamed or deleted by SQL by what it was', async () => {
    const { djet } = it.site
    const { id: lilac } = await it.make('/garden', 'Lilac')
    await djet.query("update djet.node set name = 'Syringa', title = 'Syringa' where id = $1", [lilac])
    expect((await searchNodes(djet, 'lilac')).items).toEqual([])
    expect((await searchNodes(djet, 'syr')).items.map(({ id }) => id)).toEqual([lilac])
    await djet.query('delete from djet.node where id = $1', [lilac])
    expect(await djet.query('select from admin.found_by where node_id = $1', [lilac])).toEqual([])
  })
})

describe('actions at a page of the tree', () => {
  test('move it among its siblings', async () => {
    const order = async () => (await it.site.djet.nodes.children('/garden')).items.map(({ name }) => name)
    expect(await order()).toEqual(['Roses', 'Tulips', 'Weeds'])
    const tulips = await id('/garden/tulips')
    expect((await it.gardener.post(`/admin/node/${tulips}/up`, {})).location).toBe(
      `/admin/tree?node=${tulips}#n-${tulips}`,
    )
    expect(await order()).toEqual(['Tulips', 'Roses', 'Weeds'])
    await it.gardener.post(`/admin/node/${tulips}/down`, {})
    expect(await order()).toEqual(['Roses', 'Tulips', 'Weeds'])
    await it.gardener.post(`/admin/node/${tulips}/place`, { after: String(await id('/garden/weeds')) })
    expect(await order()).toEqual(['Roses', 'Weeds', 'Tulips'])
    await it.gardener.post(`/admin/node/${tulips}/down`, {})
    expect((await it.gardener.get('/admin/tree')).text).toContain('Tulips is the last one already.')
    expect((await it.gardener.post(`/admin/node/${await id('/big/n2')}/up`, {})).status).toBe(403)
  })

  test('rename it: old addresses lead to the new one', async () => {
    const tulips = await it.site.djet.nodes.require('/garden/tulips')
    const form = (await it.gardener.get(`/admin/node/${tulips.id}/rename`)).text
    expect(form).toContain(`name="version" value="${tulips.version}"`)
    const renamed = { name: 'Early tulips', title: 'Early tulips', part: 'early' }
    const answer = await it.gardener.post(`/admin/node/${tulips.id}/rename`, { ...renamed, version: '1' })
    expect(answer.status).toBe(303)
    expect((await it.gardener.get('/garden/tulips')).location).toBe('/garden/early')
    const taken = await it.gardener.post(`/admin/node/${tulips.id}/rename`, { ...renamed, part: 'roses' })
    expect(taken.status).toBe(409)
    expect(taken.text).toContain('id="part-error">is taken')
    expect(taken.text).toContain('value="roses"')
    const stale = await it.gardener.post(`/admin/node/${tulips.id}/rename`, { ...renamed, version: '1' })
    expect(stale.status).toBe(409)
    expect(stale.text).toContain('was changed by gardener in the meantime')
  })

  test('move it elsewhere after saying what that does', async () => {
    const roses = await id('/garden/roses')
    const early = await id('/garden/early')
    const choice = await it.gardener.get(`/admin/node/${roses}/move`)
    expect(choice.text).toContain(`/move?to=%2Fgarden%2Fearly`)
    const report = await it.gardener.get(`/admin/node/${roses}/move?to=/garden/early&part=roses`)
    expect(report.text).toContain('<dd class="path">/garden/early/roses</dd>')
    expect(report.text).toContain('2 get new addresses')
    const moved = await it.gardener.post(`/admin/node/${roses}/move`, { to: '/garden/early', part: 'roses' })
    expect(moved.status).toBe(303)
    expect((await it.gardener.get('/garden/roses/tea')).location).toBe('/garden/early/roses/tea')
    for (const [to, message] of [
      ['/garden/early/roses/tea', 'cannot be moved below itself'],
      ['/nowhere', '/nowhere'],
      ['/office', '/office'],
    ] as const) {
      const page = await it.gardener.get(`/admin/node/${roses}/move?to=${to}`)
      expect(page.text).toContain('This is not possible')
      expect(page.text).toContain(message)
      const refused = await it.gardener.post(`/admin/node/${roses}/move`, { to })
      expect(refused.status, to).toBeGreaterThanOrEqual(403)
    }
    expect((await it.site.djet.nodes.require(early)).path).toBe('/garden/early')
    expect((await it.boss.post(`/admin/node/${await id('/')}/move`, { to: '/garden' })).status).toBe(422)
    expect((await it.boss.get(`/admin/node/${await id('/')}/move`)).status).toBe(422)
  })

  test('duplicate and trash it, and take that back', async () => {
    const roses = await id('/garden/early/roses')
    await it.gardener.post(`/admin/node/${roses}/duplicate`, { deep: '1' })
    expect(await it.site.djet.nodes.require('/garden/early/roses-copy/tea')).toMatchObject({
      status: 'published',
    })
    expect(await it.site.djet.nodes.require('/garden/early/roses-copy')).toMatchObject({ status: 'draft' })
    const copy = await id('/garden/early/roses-copy')
    // What goes with it is told before it is done, however it is asked for.
    expect((await it.gardener.get(`/admin/tree?node=${copy}`)).text).toContain(
      `/admin/node/${copy}/trash">Move`,
    )
    const question = await it.gardener.get(`/admin/node/${copy}/trash`)
    expect(question.text).toContain('<strong>one page</strong> below it')
    expect(question.text).toContain('Visitors do not see any of them')
    expect(question.text).toContain('name="told" value="2"')
    expect(question.text).toMatch(/all at once, until \d{4}-/)
    await it.make('/garden/early/roses-copy', 'Late')
    for (const form of [{}, { told: '2' }]) {
      const asked = await it.gardener.post(`/admin/node/${copy}/trash`, form)
      expect([asked.status, asked.text.includes('by now')]).toEqual([409, 'told' in form])
    }
    await it.site.djet.nodes.delete('/garden/early/roses-copy/late')
    await it.gardener.post(`/admin/node/${copy}/trash`, { told: '2' })
    expect(await it.site.djet.nodes.get('/garden/early/roses-copy')).toBeNull()
    expect((await it.gardener.get('/admin/tree')).text).toMatch(/and 1 below it are in the trash.*Undo/s)
    expect((await it.gardener.post(`/admin/node/${await id('/')}/trash`, {})).status).toBe(403)
    expect((await it.boss.post(`/admin/node/${await id('/admin')}/trash`, {})).status).toBe(303)
    expect(await it.site.djet.nodes.get('/admin')).not.toBeNull()
    expect((await it.gardener.post('/admin/node/999999/trash', {})).status).toBe(404)
    expect((await it.gardener.post(`/admin/node/${roses}/trash`, {}, { withoutToken: true })).status).toBe(
      403,
    )
  })
})
