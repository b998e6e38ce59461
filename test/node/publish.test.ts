import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Djet,
  defineBasetype,
  definePlugin,
  field,
  type Node,
  nextPublishTime,
  publishDue,
} from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import type { Visitor } from '../visitor.ts'

const story = defineBasetype({
  name: 'story',
  title: 'Story',
  fields: { text: field.text(), words: field.int(), reads: field.int({ updatable: false }) },
})
const board = defineBasetype({ name: 'board', title: 'Board', fixed: true })
const press = definePlugin(() => ({ name: 'press', basetypes: [story, board] }))

let site: TestSite
let djet: Djet
/** May edit; not publish. */
let ann: Djet
/** May publish. */
let paul: Djet
/** Logged in, may only view. */
let carl: Djet
let visitor: Visitor
let guest: Djet
let news: Node
let one: Node

beforeAll(async () => {
  site = await createTestSite({ plugins: [press()] })
  djet = site.djet
  const roles = { everyone: ['view'], author: ['view', 'edit'], editor: ['view', 'edit', 'publish'] }
  await djet.nodes.update('/', { acl: roles })
  const someone = (login: string, roles: string[]) =>
    site.app.scope({ user: { id: 1, login, name: login, roles }, origin: { door: 'page' } })
  ann = someone('ann', ['author'])
  paul = someone('paul', ['editor'])
  carl = someone('carl', [])
  guest = site.app.scope({ user: null })
  visitor = await site.visitor()
})
afterAll(() => site.close())
beforeEach(async () => {
  news = await djet.nodes.insert('/', { basetype: story, name: 'News', data: { text: 'All the news.' } })
  one = await djet.nodes.insert(news, { basetype: story, part: 'one', data: { text: 'One.', words: 1 } })
})

describe('a draft of a published node', () => {
  test('is seen by nobody but those who edit', async () => {
    const draft = await ann.nodes.saveDraft(one, { title: 'New', data: { text: 'Two.' } })
    expect(draft).toMatchObject({
      id: '1.1',
      open: true,
      title: 'New',
      savedBy: 'ann',
      data: { text: 'Two.', words: 1 },
    })
    expect(await guest.nodes.get(one.id)).toMatchObject({ title: 'one', data: { text: 'One.' }, version: 1 })
    expect((await visitor.get(one.path)).text).toContain('One.')
    expect(await ann.nodes.withDraft(one)).toMatchObject({ title: 'New', data: { text: 'Two.' } })
    await expect(guest.nodes.draftOf(one)).rejects.toMatchObject({ status: 401 })
    await expect(carl.nodes.withDraft(one)).rejects.toMatchObject({ status: 403 })
  })

  test('goes on from draft to draft, each kept', async () => {
    await ann.nodes.saveDraft(one, { title: 'A' })
    await ann.nodes.saveDraft(one, { data: { words: 2 }, ifVersion: '1.1', note: 'counted' })
    const { items } = await ann.nodes.versions(one)
    expect(items.map(({ id, open, current, note }) => [id, open, current, note])).toEqual([
      ['1.2', true, false, 'counted'],
      ['1.1', false, false, null],
      ['1', false, true, null],
    ])
    await expect(ann.nodes.saveDraft(one, { title: 'B', ifVersion: '1.1' })).rejects.toMatchObject({
      code: 'NODE_CHANGED',
      details: { current: { version: '1.2', title: 'A' }, yours: { title: 'B' } },
    })
    const typed = await ann.nodes.saveDraft(one, { title: 'C', amend: true })
    expect(typed.id).toBe('1.3')
    expect((await ann.nodes.versions(one)).items.map(({ id }) => id)).toEqual(['1.3', '1.1', '1'])
  })

  test('takes the place of what was published, which is kept', async () => {
    await ann.nodes.saveDraft(one, { title: 'New', data: { text: 'Two.' } })
    await djet.nodes.update(one, { data: { reads: 7 } })
    const published = await paul.nodes.publish(one)
    expect(published).toMatchObject({ title: 'New', version: 3, modifiedBy: 'paul' })
    expect(published.data).toEqual({ text: 'Two.', words: 1, reads: 7 })
    expect(await paul.nodes.draftOf(one)).toBeNull()
    expect((await paul.nodes.versions(one)).items.map(({ id }) => id)).toEqual(['3', '2', '1.1', '1'])
    expect((await visitor.get(one.path)).text).toContain('Two.')
  })

  test('is not published over what was changed meanwhile, unless one says so', async () => {
    await ann.nodes.saveDraft(one, { title: 'Draft', data: { text: 'Draft.' } })
    await djet.nodes.update(one, { data: { text: 'Meanwhile.', words: 9 } })
    await expect(paul.nodes.publish(one)).rejects.toMatchObject({
      code: 'NODE_CHANGED',
      status: 409,
      details: { current: { data: { text: 'Meanwhile.' } }, yours: { data: { text: 'Draft.' } } },
    })
    expect(await paul.nodes.publish(one, { over: true })).toMatchObject({
      title: 'Draft',
      data: { text: 'Draft.', words: 9 },
    })
  })

  test('is discarded and can be restored all the same', async () => {
    await ann.nodes.saveDraft(one, { title: 'Draft' })
    expect(await ann.nodes.discardDraft(one)).toBe(true)
    expect(await ann.nodes.discardDraft(one)).toBe(false)
    expect(await paul.nodes.restore(one, '1.1')).toMatchObject({ title: 'Draft', version: 2 })
  })
})

describe('what is not published', () => {
  test('is not found by those who may not edit, with all below it', async () => {
    await paul.nodes.unpublish(news)
    for (const path of [news.path, one.path, `${one.path}/-/edit`]) {
      const { status, text } = await visitor.get(path)
      expect([path, status]).toEqual([path, 404])
      expect(text).not.toContain('One.')
      expect((await visitor.get(path, { accept: 'application/json' })).json()).toMatchObject({
        error: { code: 'NOT_FOUND', message: `there is no page at ${path}.` },
      })
    }
    expect(await guest.nodes.get(one.id)).toBeNull()
    expect(await carl.nodes.get(one.id)).toBeNull()
    expect((await ann.nodes.require(one)).path).toBe(one.path)
    await expect(guest.nodes.children(news)).rejects.toMatchObject({ code: 'NODE_NOT_FOUND', status: 404 })
    expect((await ann.nodes.children(news)).items).toHaveLength(1)
  })

  test('is left out of lists and menus, in pages by key', async () => {
    const parts = Array.from({ length: 7 }, (_, i) => ({ basetype: story, part: `p${i}` }))
    const made = await djet.nodes.insertMany(one, parts)
    for (const node of made.filter((_, i) => i % 2 === 1)) await paul.nodes.unpublish(node)
    const all = async (as: Djet): Promise<string> => {
      const seen: string[] = []
      for (let after: string | undefined; ; ) {
        const page = await as.nodes.children(one, { limit: 2, after })
        seen.push(...page.items.map(({ part }) => part))
        if (page.next === null) return seen.join(' ')
        after = page.next
      }
    }
    expect(await all(guest)).toBe('p0 p2 p4 p6')
    expect(await all(carl)).toBe('p0 p2 p4 p6')
    expect(await all(ann)).toBe('p0 p1 p2 p3 p4 p5 p6')
    expect((await visitor.get('/')).text).toContain(`href="${news.path}"`)
    await paul.nodes.unpublish(news)
    expect((await guest.nodes.links('/')).map(({ path }) => path)).not.toContain(news.path)
  })

  test('is gone from the pages kept for guests at once, and back again', async () => {
    for (let i = 0; i < 2; i++) expect((await visitor.get(one.path)).status).toBe(200)
    await paul.nodes.unpublish(news)
    await expect.poll(async () => (await visitor.get(one.path)).status).toBe(404)
    expect((await visitor.get('/')).text).not.toContain(`href="${news.path}"`)
    await paul.nodes.publish(news)
    await expect.poll(async () => (await visitor.get(one.path)).status).toBe(200)
  })

  test('is changed itself: it needs no draft', async () => {
    const draft = await ann.nodes.insert(news, { basetype: story, part: 'new', status: 'draft' })
    expect(draft.status).toBe('draft')
    expect(await ann.nodes.saveDraft(draft, { title: 'Better' })).toMatchObject({ id: '2', current: true })
    expect((await visitor.get(draft.path)).status).toBe(404)
    expect(await paul.nodes.publish(draft)).toMatchObject({
      status: 'published',
      title: 'Better',
      version: 3,
    })
    await expect.poll(async () => (await visitor.get(draft.path)).status).toBe(200)
  })

  test('is never the root, nor what the site cannot do without', async () => {
    await expect(paul.nodes.unpublish('/')).rejects.toMatchObject({ code: 'NODE_IS_ROOT' })
    await djet.nodes.insert(news, { basetype: board, part: 'board' })
    await expect(paul.nodes.unpublish(news)).rejects.toMatchObject({ code: 'NODE_GUARDED', status: 409 })
  })
})

describe('who may publish', () => {
  test('is who has the permission, where rules speak of it', async () => {
    await ann.nodes.saveDraft(one, { title: 'Draft' })
    const denied = { code: 'ACCESS_DENIED', status: 403 }
    await expect(ann.nodes.publish(one)).rejects.toMatchObject(denied)
    await expect(ann.nodes.unpublish(one)).rejects.toMatchObject(denied)
    await expect(ann.nodes.schedule(one, {})).rejects.toMatchObject(denied)
    await expect(guest.nodes.publish(one)).rejects.toMatchObject({ code: 'ACCESS_DENIED', status: 401 })
    expect(await ann.can('publish', one)).toBe(false)
    expect(await paul.can('publish', one)).toBe(true)
  })

  test('decides what a new page or a copy is: one may make drafts, and no more', async () => {
    const denied = { code: 'ACCESS_DENIED', status: 403 }
    const made = (part: string) => ({ basetype: story, part })
    const keep = (await djet.nodes.children(news)).items.map(({ path }) => path)
    const published = { status: 'published' } as const
    expect((await ann.nodes.insert(news, made('hers'))).status).toBe('draft')
    expect((await paul.nodes.insert(news, made('his'))).status).toBe('published')
    expect((await djet.nodes.insert(news, made('ours'))).status).toBe('published')
    await expect(ann.nodes.insert(news, { ...made('x'), ...published })).rejects.toMatchObject(denied)
    const rows = await ann.nodes.insertMany(news, [made('a'), { ...made('b'), status: 'draft' }])
    expect(rows.map(({ status }) => status)).toEqual(['draft', 'draft'])
    const many = [made('c'), { ...made('d'), ...published }]
    await expect(ann.nodes.insertMany(news, many)).rejects.toMatchObject(denied)
    for (const deep of [false, true]) {
      expect((await ann.nodes.duplicate(one, { deep })).status).toBe('draft')
      await expect(ann.nodes.duplicate(one, { deep, ...published })).rejects.toMatchObject(denied)
      expect((await paul.nodes.duplicate(one, { deep, ...published })).status).toBe('published')
    }
    expect((await ann.nodes.children(news)).items.some(({ part }) => ['x', 'c', 'd'].includes(part))).toBe(
      false,
    )
    for (const { path } of (await djet.nodes.children(news)).items)
      if (!keep.includes(path)) await djet.nodes.delete(path)
  })

  test('is who changes what visitors see of a published page, by whatever door', async () => {
    const denied = { code: 'ACCESS_DENIED', status: 403 }
    const page = await djet.nodes.insert('/', { basetype: story, part: 'shown', data: { text: 'One.' } })
    const closed = { author: ['view', 'edit'], editor: ['view', 'edit'], chief: ['publish'] }
    const elsewhere = await djet.nodes.insert('/', { basetype: 'page', part: 'elsewhere', acl: closed })
    for (const change of [{ name: 'Two' }, { title: 'Two' }, { part: 'two' }, { data: { text: 'Two.' } }]) {
      await expect(ann.nodes.update(page, change), JSON.stringify(change)).rejects.toMatchObject(denied)
    }
    await expect(ann.nodes.move(page, { part: 'two' })).rejects.toMatchObject(denied)
    await expect(paul.nodes.move(page, { parent: elsewhere })).rejects.toMatchObject(denied)
    expect(await ann.nodes.moveReport(page, { part: 'two' })).toMatchObject({
      problem: { code: 'ACCESS_DENIED' },
    })
    expect(await ann.nodes.move(page, { before: one.parentId! })).toMatchObject({ path: '/shown' })
    const { id } = await paul.nodes.trash(page)
    await expect(ann.nodes.restoreTrash(id)).rejects.toMatchObject(denied)
    expect(await paul.nodes.restoreTrash(id)).toMatchObject({ path: '/shown', version: 1 })
    await paul.nodes.unpublish(page)
    expect(await ann.nodes.update(page, { title: 'Two', part: 'two' })).toMatchObject({ path: '/two' })
    expect(await ann.nodes.move(page, { parent: elsewhere })).toMatchObject({ path: '/elsewhere/two' })
    await djet.nodes.delete(elsewhere)
  })

  test('is who may edit, where none does', async () => {
    await djet.nodes.update('/', { acl: { everyone: ['view'], author: ['view', 'edit'] } })
    expect(await ann.can('publish', one)).toBe(true)
    expect(await carl.can('publish', one)).toBe(false)
    const roles = { everyone: ['view'], author: ['view', 'edit'], editor: ['view', 'edit', 'publish'] }
    await djet.nodes.update('/', { acl: roles })
  })
})

describe('at a time', () => {
  const due = () => publishDue(site.app.scope({ origin: { door: 'job' } }))
  const soon = (ms: number) => new Date(Date.now() + ms)

  test('nodes are published and unpublished, each once', async () => {
    const draft = await djet.nodes.insert(news, { basetype: story, part: 'later', status: 'draft' })
    await ann.nodes.saveDraft(one, { title: 'Scheduled' })
    const later = soon(3_600_000)
    expect(await paul.nodes.schedule(draft, { publishAt: soon(-1000), unpublishAt: later })).toMatchObject({
      status: 'draft',
      hidden: true,
      unpublishAt: later,
    })
    await paul.nodes.schedule(one, { publishAt: soon(-2000) })
    await paul.nodes.schedule(news, { unpublishAt: soon(-500) })
    expect((await nextPublishTime(djet))?.getTime()).toBeLessThan(Date.now())
    const [a, b] = await Promise.all([due(), due()])
    expect([a.published + b.published, a.unpublished + b.unpublished]).toEqual([2, 1])
    expect(await due()).toMatchObject({ published: 0, unpublished: 0, failed: 0, next: later })
    expect(await djet.nodes.require(one)).toMatchObject({ title: 'Scheduled', status: 'published' })
    expect(await djet.nodes.publishState(draft)).toMatchObject({
      status: 'published',
      hidden: true,
      publishAt: null,
      unpublishAt: later,
    })
    expect((await djet.nodes.require(news)).status).toBe('unpublished')
    await djet.nodes.schedule(draft, { unpublishAt: null })
    expect(await nextPublishTime(djet)).toBeNull()
  })

  test('what cannot be published gives up its time and says why', async () => {
    await ann.nodes.saveDraft(one, { title: 'Draft' })
    await djet.nodes.update(one, { title: 'Meanwhile' })
    await paul.nodes.schedule(one, { publishAt: soon(-1) })
    expect(await due()).toMatchObject({ published: 0, failed: 1, next: null })
    expect(await djet.nodes.require(one)).toMatchObject({ title: 'Meanwhile' })
    expect(
      await djet.query(
        "select data ->> 'code' as code from djet.audit where action = 'node.publish.failed' and node_id = $1",
        [one.id],
      ),
    ).toEqual([{ code: 'NODE_CHANGED' }])
  })

  test('times that make no sense are refused', async () => {
    await expect(paul.nodes.schedule(one, { publishAt: new Date('x') })).rejects.toMatchObject({
      code: 'SCHEDULE_INVALID',
      status: 422,
      fields: { publishAt: 'must be a date with a time' },
    })
    await expect(
      paul.nodes.schedule(one, { publishAt: soon(2000), unpublishAt: soon(1000) }),
    ).rejects.toMatchObject({ code: 'SCHEDULE_INVALID' })
  })
})

test('the edit form of one who may not publish saves drafts, and goes on from them', async () => {
  await djet.nodes.update('/', { acl: { everyone: ['view', 'edit'], editor: ['view', 'edit', 'publish'] } })
  const answer = await visitor.post(`${one.path}/-/edit`, {
    name: 'one',
    title: 'Mine',
    text: 'Two.',
    version: '1',
  })
  expect([answer.status, answer.location]).toEqual([303, one.path])
  expect((await visitor.get(one.path)).text).toContain('is saved as a draft')
  expect(await djet.nodes.require(one)).toMatchObject({ title: 'one', data: { text: 'One.' } })
  const { text } = await visitor.get(`${one.path}/-/edit`)
  expect(text).toContain('value="Mine"')
  expect(text).toContain('name="version" value="1.1"')
  const again = await visitor.post(`${one.path}/-/edit`, { name: 'one', title: 'Late', version: '1' })
  expect([again.status, again.text.includes('in the meantime')]).toEqual([409, true])
  const made = await visitor.post(`${news.path}/-/new/story`, { name: 'Fresh' })
  expect(made.location).toBe(`${news.path}/fresh`)
  expect((await djet.nodes.require(`${news.path}/fresh`)).status).toBe('draft')
  const roles = { everyone: ['view'], author: ['view', 'edit'], editor: ['view', 'edit', 'publish'] }
  await djet.nodes.update('/', { acl: roles })
})
