import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { page, type User } from '../../../core/index.ts'
import type { TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { countUses, listUses } from '../index.ts'
import { followFields } from '../model/follow-fields.ts'
import { article, type FilesSite, form, openFilesSite } from './files-site.ts'
import { photo } from './images.ts'

let it: FilesSite
let site: TestSite
let guest: Visitor
let boss: Visitor
let editor: Visitor
beforeAll(async () => {
  it = await openFilesSite()
  site = it.site
  guest = it.guest
  boss = it.boss
  editor = it.editor
  await editor.post('/files/-/upload', form(['Chai tea.JPG', await photo()]))
  await editor.post('/files/-/folder', { name: 'Press' })
  await editor.post('/files/chai-tea.jpg/-/details', { alt: 'Tea on a tray', focusX: '100', focusY: '0' })
})
afterAll(() => it?.close())

test('where a file is used is known, whatever refers to it, and said before it is deleted', async () => {
  const { djet } = site
  const { id } = await djet.nodes.require('/files/chai-tea.jpg')
  const insert = (name: string, data: object) =>
    djet.nodes.insert('/', { basetype: article, name, data: { ...data } })
  const byField = await insert('By field', { image: id, other: (await djet.nodes.require('/')).id })
  await insert('By address', { body: '<p><img src="/files/chai-tea.jpg/-/image/320?v=1" alt=""></p>' })
  const linked = await djet.nodes.insert('/', {
    basetype: page,
    name: 'Linked',
    data: { body: '<a href="/files/chai%2Dtea.jpg">tea</a>' },
  })
  await insert('In rows', { lines: [{ photo: id }] })
  await insert('Not at all', { body: '<p>/files/chai-tea.jpg</p>' })
  const names = async () => (await listUses(djet, id)).items.map(({ node }) => node.name)
  expect(await names()).toEqual(['By field', 'By address', 'Linked', 'In rows'])
  expect((await listUses(djet, id, { limit: 2 })).next).not.toBeNull()
  const shown = (await guest.get('/by-field')).text
  expect(shown).toMatch(
    /<img src="\/files\/chai-tea\.jpg\/-\/image\/320\/16x9\?v=[0-9a-f]{12}-100\.0" srcset="[^"]* 160w, [^"]* 320w, [^"]* 640w" sizes="50vw" alt="Tea on a tray" width="640" height="360" loading="lazy"/,
  )

  const question = await boss.get('/files/chai-tea.jpg/-/delete')
  expect(question.text).toContain('4 pages use it.')
  await djet.nodes.trash(byField)
  await djet.nodes.update(linked, { data: { body: '' } })
  await djet.nodes.trash('/in-rows')
  await djet.nodes.move(id, { parent: '/files/press' })
  expect(await names()).toEqual(['By address'])
  expect((await boss.get('/files/press/chai-tea.jpg')).text).toContain('One page uses it.')
  // An address from before the move is known as well; so is what was there before the plugin was.
  await djet.nodes.update('/by-address', { data: { body: '<a href="/files/chai-tea.jpg">tea</a>' } })
  expect(await names()).toEqual(['By address'])
  await djet.query('delete from files.use')
  await djet.query('delete from files.field')
  await followFields(site.app)
  expect(await names()).toEqual(['By address'])
  expect((await boss.get('/files/press/-/delete')).text).toContain('One file in it is in use.')
})

test('a use is known in a draft, in structured data, in a link, by content, and when its file comes later', async () => {
  const { djet } = site
  await editor.post('/files/-/upload', form(['Plan.txt', 'a plan']))
  const plan = await djet.nodes.require('/files/plan.txt')
  const uses = async (user?: User | null) => {
    const seen = user === undefined ? djet : site.app.scope({ user })
    return (await listUses(seen, plan.id)).items.map(({ node, fields, inDraft, keepsContent }) =>
      [node.name, ...fields, inDraft ? 'draft' : '', keepsContent ? 'keeps' : ''].filter(Boolean).join(' '),
    )
  }
  const insert = (name: string, data: object, parent = '/') =>
    djet.nodes.insert(parent, { basetype: article, name, data: { ...data } })
  const house = await insert('House', {})
  await insert('Tree', { extra: { plans: [{ at: '/files/plan.txt/-/download', count: plan.id }] } }, '/house')
  await insert('Link', { more: '/files/plan.txt?v=2' }, '/house')
  await insert('Cell', { lines: [{ text: 'a' }, { text: '<a href="/files/plan.txt">b</a>' }] }, '/house')
  await insert('Held', { sheet: plan.data.file }, '/house')
  await insert('Number', { extra: [plan.id] }, '/house')
  const known = ['Tree extra', 'Link more', 'Cell lines.text', 'Held sheet keeps']
  expect(await uses()).toEqual(known)

  // A draft is told to those who may edit it, until it is published, taken back, or another one.
  const guests = await uses(null)
  await djet.nodes.saveDraft(house, { data: { body: '<p><a href="/files/plan.txt">plan</a></p>' } })
  expect(await uses()).toEqual(['House body draft', ...known])
  expect(await uses(null)).toEqual(guests)
  expect((await boss.get('/files/plan.txt')).text).toMatch(
    /House<\/a> <span[^>]*>\/house<\/span> <span[^>]*>In a draft</,
  )
  await djet.nodes.saveDraft(house, { data: { image: plan.id } })
  await djet.nodes.publish(house)
  expect((await uses())[0]).toBe('House body image')
  await djet.nodes.saveDraft(house, { data: { image: null, body: '' } })
  await djet.nodes.discardDraft(house)
  expect((await uses())[0]).toBe('House body image')
  await djet.nodes.restore(house, 1)
  expect(await uses()).toEqual(known)

  // The file away, its pages saved meanwhile, the file back; and another one at its address.
  const { id: trashed } = await djet.nodes.trash(plan)
  await djet.nodes.update('/house/link', { title: 'Changed' })
  await djet.nodes.update('/house/tree', { data: { extra: ['see <a href="/files/plan.txt">it</a>'] } })
  const all = await djet.nodes.trash('/house')
  await djet.nodes.restoreTrash(trashed)
  expect([await uses(), await countUses(djet, plan.id)]).toEqual([[], 0])
  await djet.nodes.restoreTrash(all.id)
  expect(await uses()).toEqual(known)
  await djet.nodes.move(plan, { parent: '/files/press' })
  expect((await boss.get('/files/press/-/delete')).text).toContain('2 files in it are in use.')
  expect((await boss.get('/house/-/delete')).text).not.toContain('in use')
  expect(await uses()).toEqual(known)
  await editor.post('/files/-/upload', form(['Plan.txt', 'another plan']))
  expect(await uses()).toEqual(['Held sheet keeps'])
  await djet.nodes.addRedirect({ from: '/plans', to: plan.id })
  await djet.nodes.update('/house/link', { data: { more: '/old-plan' } })
  await djet.nodes.addRedirect({ from: '/old-plan', to: plan.id })
  expect(await uses()).toEqual(['Link more', 'Held sheet keeps'])

  // What was there before the plugin was, and in the trash.
  await djet.nodes.saveDraft(house, { data: { image: plan.id } })
  const { id: gone } = await djet.nodes.trash('/house/held')
  await djet.query('delete from files.use')
  await djet.query('delete from files.name')
  await djet.query('update files.field set looked_at = 0')
  await followFields(site.app)
  await djet.nodes.restoreTrash(gone)
  expect(await uses()).toEqual(['House image draft', 'Link more', 'Held sheet keeps'])
  await djet.nodes.delete('/house')
  await djet.nodes.delete('/files/plan.txt')
})

test('is noted by reading no more than it is about, by plans that were made while there was nothing', async () => {
  const { djet, app } = site
  const client = new pg.Client({ connectionString: site.databaseUrl })
  await client.connect()
  for (const table of ['djet.node', 'djet.redirect', 'files.name', 'files.use']) {
    await app.database.query(`alter table ${table} set (autovacuum_enabled = off)`)
    await app.database.query(`vacuum (analyze) ${table}`)
  }
  const insert = async (n: number): Promise<number> => {
    const body = `<a href="/files/n-${n}.txt">a</a> <a href="/files/none-${n}.txt">b</a>`
    const extra = ['0f7fd6a5-0000-4000-8000-000000000000']
    return (await djet.nodes.insert('/', { basetype: article, name: `Note ${n}`, data: { body, extra } })).id
  }
  const uses = (ids: number[]) => client.query('select files.note_uses($1)', [ids])
  const named = (numbers: number[]) =>
    client.query('select files.note_named($1)', [numbers.map((n) => `/files/n-${n}.txt`)])
  const first = await insert(1)
  await uses([first])
  await named([1])

  // So many files that a join over all of them is seen, and as many names and redirects.
  const numbers = 'from generate_series(1, 4000) as n'
  await client.query(
    `insert into djet.node (parent_id, part, path, position, basetype, name, title, data)
     select (select id from djet.node where path = '/files'), 'n-' || n || '.txt', '', n, 'file', n, n,
       jsonb_build_object('file', gen_random_uuid()) ${numbers}`,
  )
  await client.query(`insert into files.name select '/elsewhere/' || n, $1, true ${numbers}`, [first])
  const few = Array.from({ length: 10 }, (_, n) => n + 2)
  const ids = await Promise.all(few.map(insert))
  expect(await readMuch(client, () => uses(ids))).toEqual([])
  expect(await readMuch(client, () => named(few))).toEqual([])
  await client.end()
})

/** Tables of which a work on ten pages reads more than fifty rows for each. */
async function readMuch(client: pg.Client, work: () => Promise<unknown>): Promise<string[]> {
  const counted = async () => {
    const { rows } = await client.query<{ name: string; n: number }>(
      `select relname as name, (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as n
       from pg_stat_xact_user_tables where schemaname in ('files', 'djet')`,
    )
    return rows
  }
  await client.query('begin')
  const before = new Map((await counted()).map(({ name, n }) => [name, n]))
  await work()
  const read = (await counted()).map(({ name, n }) => ({ name, n: n - (before.get(name) ?? 0) }))
  await client.query('commit')
  return read.filter(({ n }) => n > 500).map(({ name, n }) => `${name}: ${n}`)
}
