import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { page } from '../core/index.ts'
import { Program, type SiteFolder, siteFolder } from './program.ts'
import { createTestSite, type TestSite } from './site.ts'
import { Visitor } from './visitor.ts'

const config = `import { defineConfig } from 'djet'
export default defineConfig({ plugins: [], host: '127.0.0.1' })`

let site: TestSite
let folder: SiteFolder
let other: Program
let here: Visitor
let there: Visitor

beforeAll(async () => {
  site = await createTestSite()
  folder = await siteFolder({ 'djet.config.ts': config })
  other = new Program(folder.dir, ['start'], { DATABASE_URL: site.databaseUrl })
  there = new Visitor((await other.says(/ready at (\S+)/))[1] ?? '')
  here = await site.visitor()
})
afterAll(async () => {
  await other.stop()
  await site.close()
  await folder.remove()
})

describe('two processes that serve one site', () => {
  test('show the same, and each what was changed through the other', async () => {
    await site.djet.nodes.insert('/', {
      basetype: page,
      part: 'news',
      name: 'News',
      acl: { everyone: ['view', 'edit'] },
    })
    for (const visitor of [here, there])
      await expect.poll(async () => (await visitor.get('/news')).status, { timeout: 5000 }).toBe(200)

    const edit = (title: string) => ({ name: 'News', title, body: '' })
    expect((await there.post('/news/-/edit', edit('Made there'))).status).toBe(303)
    await expect
      .poll(async () => (await here.get('/news')).text, { timeout: 5000 })
      .toContain('<h1>Made there</h1>')
    expect((await here.post('/news/-/edit', edit('Made here'))).status).toBe(303)
    await expect
      .poll(async () => (await there.get('/news')).text, { timeout: 5000 })
      .toContain('<h1>Made here</h1>')
  })

  test('are never stale for longer than a notification takes, however often the page changes', async () => {
    for (let i = 0; i < 20; i++) {
      await there.get('/news')
      await site.djet.nodes.update('/news', { title: `Edition ${i}` })
      await expect
        .poll(async () => (await there.get('/news')).text, { timeout: 5000 })
        .toContain(`Edition ${i}<`)
    }
  })

  test('lose nothing when the connection that hears the notifications is cut', async () => {
    await there.get('/news')
    await site.djet.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'djet-start/%'`,
    )
    await site.djet.nodes.update('/news', { title: 'After the cut' })
    await expect
      .poll(async () => (await there.get('/news')).text, { timeout: 10_000 })
      .toContain('<h1>After the cut</h1>')
    await site.djet.nodes.update('/news', { title: 'And on' })
    await expect
      .poll(async () => (await there.get('/news')).text, { timeout: 10_000 })
      .toContain('<h1>And on</h1>')
  })

  test('take the token of a form that the other gave out', async () => {
    const given = await new Visitor(here.base).get('/-/session')
    const cookie = given.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    const { csrfToken } = given.json<{ csrfToken: string }>()
    const form = { name: 'News', title: 'Third', body: '', _csrf: csrfToken }
    const answer = await new Visitor(there.base).request('POST', '/news/-/edit', new URLSearchParams(form), {
      cookie,
    })
    expect(answer.status).toBe(303)
  })
})
