import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TaggedCache } from '../core/cache.ts'
import { defineBasetype, defineEngine, definePlugin } from '../core/index.ts'
import { addUser, users } from '../plugins/users/index.ts'
import { createTestSite, type TestSite } from './site.ts'
import type { Visitor } from './visitor.ts'

function opened(size: number, sizeOf?: (value: { n: number }) => number): TaggedCache<{ n: number }> {
  const cache = new TaggedCache<{ n: number }>(size, sizeOf)
  cache.open = true
  return cache
}

describe('a tagged cache', () => {
  test('keeps nothing until it is opened, and forgets everything when it is closed', () => {
    const cache = new TaggedCache<{ n: number }>(10)
    cache.set('a', { n: 1 }, ['x'], cache.moment)
    expect(cache.get('a')).toBeUndefined()
    cache.open = true
    cache.set('a', { n: 1 }, ['x'], cache.moment)
    expect(cache.get('a')).toEqual({ n: 1 })
    cache.open = false
    expect(cache.get('a')).toBeUndefined()
  })

  test('drops the entries of a tag and no others', () => {
    const cache = opened(10)
    cache.set('a', { n: 1 }, ['x', 'y'], cache.moment)
    cache.set('b', { n: 2 }, ['y'], cache.moment)
    cache.set('c', { n: 3 }, ['z'], cache.moment)
    cache.drop(['y'])
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([undefined, undefined, { n: 3 }])
  })

  test('refuses a value whose reads began before a drop, even one of another tag', () => {
    const cache = opened(10)
    const { moment } = cache
    cache.drop(['other'])
    cache.set('a', { n: 1 }, ['x'], moment)
    expect(cache.get('a')).toBeUndefined()
    cache.set('a', { n: 2 }, ['x'], cache.moment)
    expect(cache.get('a')).toEqual({ n: 2 })
  })

  test('refuses a value whose reads began before it was opened anew', () => {
    const cache = opened(10)
    const { moment } = cache
    cache.open = true
    cache.set('a', { n: 1 }, ['x'], moment)
    expect(cache.size).toBe(0)
  })

  test('never grows beyond its size: what was not used longest goes', () => {
    const cache = opened(3)
    for (const key of ['a', 'b', 'c']) cache.set(key, { n: 1 }, ['x'], cache.moment)
    cache.get('a')
    cache.set('d', { n: 1 }, ['x'], cache.moment)
    expect(cache.size).toBe(3)
    expect(cache.get('b')).toBeUndefined()
    expect(cache.get('a')).toBeDefined()
  })

  test('counts sizes when it is told how, and takes nothing larger than itself', () => {
    const cache = opened(100, ({ n }) => n)
    cache.set('a', { n: 60 }, ['x'], cache.moment)
    cache.set('b', { n: 60 }, ['x'], cache.moment)
    expect(cache.size).toBe(1)
    cache.set('c', { n: 101 }, ['x'], cache.moment)
    expect(cache.get('c')).toBeUndefined()
  })

  test('finds an entry by its newest tags only', () => {
    const cache = opened(10)
    cache.set('a', { n: 1 }, ['old'], cache.moment)
    cache.set('a', { n: 2 }, ['new'], cache.moment)
    cache.drop(['old'])
    expect(cache.get('a')).toEqual({ n: 2 })
    cache.drop(['new'])
    expect(cache.get('a')).toBeUndefined()
  })
})

const clock = defineBasetype({ name: 'clock', title: 'Clock', engine: 'counting.clock' })

/** Counts how often its pages are made; `/asked` reads by SQL of its own. */
function counting() {
  const made = { clock: 0, asked: 0 }
  const engine = defineEngine((router) => {
    router.get('/', async (ctx) => {
      made.clock++
      await ctx.render('node/view.eta')
    })
    router.get('/asked', async (ctx) => {
      made.asked++
      await ctx.djet.query('select 1')
      await ctx.render('node/view.eta')
    })
  })
  const plugin = definePlugin(() => ({
    name: 'counting',
    basetypes: [clock],
    engines: { 'counting.clock': engine },
  }))
  return { made, plugin }
}

const { made, plugin } = counting()
let site: TestSite
let guest: Visitor

beforeAll(async () => {
  site = await createTestSite({ plugins: [users(), plugin()] })
  await site.djet.nodes.insert('/', { basetype: clock, part: 'clock', name: 'Clock' })
  await addUser(site.djet, { login: 'nancy', password: 'n-quiet-river' })
  guest = await site.visitor()
})
afterAll(() => site.close())

describe("a guest's page", () => {
  test('is made once and then comes from the cache, byte for byte', async () => {
    const first = await guest.get('/clock')
    const count = made.clock
    const second = await guest.get('/clock')
    expect(made.clock).toBe(count)
    expect(second.text).toBe(first.text)
    for (const name of ['content-type', 'etag', 'vary', 'cache-control', 'content-security-policy'])
      expect([name, second.headers.get(name)]).toEqual([name, first.headers.get(name)])
  })

  test('is kept for each query and for JSON apart', async () => {
    await guest.get('/clock')
    const json = await guest.get('/clock', { accept: 'application/json' })
    expect(json.headers.get('content-type')).toContain('json')
    expect((await guest.get('/clock', { accept: 'application/json' })).text).toBe(json.text)
    expect((await guest.get('/clock')).text).toContain('<!doctype html>')
  })

  test('is made anew once the node has changed', async () => {
    await guest.get('/clock')
    await site.djet.nodes.update('/clock', { title: 'Big Ben' })
    await expect.poll(async () => (await guest.get('/clock')).text).toContain('<h1>Big Ben</h1>')
  })

  test('is made anew once a child is made below it, changed, or gone', async () => {
    await guest.get('/clock')
    const { id } = await site.djet.nodes.insert('/clock', { basetype: 'page', part: 'hand', name: 'Hand' })
    await expect.poll(async () => (await guest.get('/clock')).text).toContain('/clock/hand')
    await site.djet.nodes.update(id, { title: 'Short hand' })
    await expect.poll(async () => (await guest.get('/clock')).text).toContain('Short hand')
    await site.djet.nodes.delete(id)
    await expect.poll(async () => (await guest.get('/clock')).text).not.toContain('/clock/hand')
    expect((await guest.get('/clock/hand')).status).toBe(404)
  })

  test('is made anew once an entry of its menu has another name, or a new one is there', async () => {
    const { id } = await site.djet.nodes.insert('/', { basetype: 'page', part: 'tower', name: 'Tower' })
    await expect.poll(async () => (await guest.get('/clock')).text).toContain('>Tower</a>')
    await site.djet.nodes.update(id, { name: 'Spire' })
    await expect.poll(async () => (await guest.get('/clock')).text).toContain('>Spire</a>')
    await site.djet.nodes.delete(id)
    await expect.poll(async () => (await guest.get('/clock')).text).not.toContain('>Spire</a>')
  })

  test('is no longer there for guests once they may not view it', async () => {
    await site.djet.nodes.insert('/', { basetype: 'page', part: 'closing', name: 'Closing' })
    await expect.poll(async () => (await guest.get('/closing')).status).toBe(200)
    await site.djet.nodes.update('/closing', { acl: { everyone: [] } })
    await expect.poll(async () => (await guest.get('/closing')).status).toBe(303)
  })

  test('that did not exist is found once it is made', async () => {
    expect((await guest.get('/clock/late')).status).toBe(404)
    await site.djet.nodes.insert('/clock', { basetype: 'page', part: 'late', name: 'Late' })
    await expect.poll(async () => (await guest.get('/clock/late')).status).toBe(200)
  })

  test('follows a change made by SQL at the database', async () => {
    await guest.get('/clock')
    await site.djet.query("update djet.node set title = 'By hand' where path = '/clock'")
    await expect.poll(async () => (await guest.get('/clock')).text).toContain('<h1>By hand</h1>')
  })

  test('read by SQL of its engine is not kept, since nothing tells when that changes', async () => {
    await guest.get('/clock/asked')
    const count = made.asked
    await guest.get('/clock/asked')
    expect(made.asked).toBe(count + 1)
  })
})

describe('who has changed a page', () => {
  test('sees it changed at once, however often', async () => {
    await site.djet.nodes.insert('/', {
      basetype: 'page',
      part: 'wiki',
      name: 'Wiki',
      acl: { everyone: ['view', 'edit'] },
    })
    const editor = await site.visitor()
    for (let i = 0; i < 30; i++) {
      const saved = await editor.post('/wiki/-/edit', { name: 'Wiki', title: `Edition ${i}`, body: '' })
      const shown = await editor.get(saved.location ?? '')
      expect(shown.text).toContain(`<h1>Edition ${i}</h1>`)
    }
  })
})

describe('what is private', () => {
  test("is not kept: a user's page is not shown to a guest", async () => {
    const nancy = await (await site.visitor()).login('nancy', 'n-quiet-river')
    await site.djet.nodes.update('/clock', { title: 'Fresh' })
    const page = await nancy.get('/clock')
    expect(page.text).toContain('>nancy</a>')
    expect(page.headers.get('cache-control')).toBe('private, no-cache')
    expect((await guest.get('/clock')).text).not.toContain('nancy')
  })

  test('is not kept: each visitor has a form token of his own', async () => {
    const tokens = await Promise.all(
      [site.visitor(), site.visitor()].map(
        async (visitor) =>
          /name="_csrf" value="([^"]+)"/.exec((await (await visitor).get('/login')).text)?.[1],
      ),
    )
    expect(tokens[0]).toBeDefined()
    expect(tokens[0]).not.toBe(tokens[1])
  })

  test('is not kept: a message is for one visitor, once', async () => {
    const nancy = await (await site.visitor()).login('nancy', 'n-quiet-river')
    await nancy.post('/logout', {})
    expect((await nancy.get('/clock')).text).toContain('You are logged out.')
    expect((await guest.get('/clock')).text).not.toContain('You are logged out.')
    expect((await nancy.get('/clock')).text).not.toContain('You are logged out.')
  })

  test('is not kept: nothing but 200 is', async () => {
    expect((await guest.get('/users')).status).toBe(303)
    expect((await guest.get('/users')).status).toBe(303)
    expect(site.app.caches.pages?.get('html en /users')).toBeUndefined()
    expect(site.app.caches.pages?.get('html en /clock')).toBeDefined()
  })
})

describe('a site with its cache off', () => {
  test('keeps nothing and shows the same', async () => {
    const { made, plugin } = counting()
    const off = await createTestSite({ plugins: [plugin()], config: { cache: false } })
    try {
      await off.djet.nodes.insert('/', { basetype: clock, part: 'clock', name: 'Clock' })
      const someone = await off.visitor()
      const pages = [await someone.get('/clock'), await someone.get('/clock')]
      expect(made.clock).toBe(2)
      expect(pages[0]?.text).toBe(pages[1]?.text)
    } finally {
      await off.close()
    }
  })
})
