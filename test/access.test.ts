import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Acl,
  type Basetype,
  type Djet,
  decide,
  defineBasetype,
  definePlugin,
  explain,
  field,
  rolesOf,
  type User,
} from '../core/index.ts'
import { addUser, users } from '../plugins/users/index.ts'
import { createTestSite, type TestSite } from './site.ts'

const open = defineBasetype({
  name: 'open',
  title: 'Open',
  fields: { origin: field.protected(), note: field.str() },
})
const office = defineBasetype({
  name: 'office',
  title: 'Office',
  acl: { everyone: [], user: [], staff: ['view', 'edit'] },
})

function person(login: string, ...roles: string[]): User {
  return { id: 1, login, name: login, roles }
}

describe('a decision', () => {
  const basetypes = new Map<string, Basetype>([
    ['open', open],
    ['office', office],
  ])
  const branch = (...acls: (Acl | null)[]) =>
    acls.map((acl, i) => ({ acl, basetype: 'open', path: `/${acls.length - i}` }))
  const ask = (user: User | null, permission: string, ...acls: (Acl | null)[]) =>
    decide(branch(...acls), basetypes, rolesOf(user), permission)

  test('is no where nobody mentions it', () => {
    expect(ask(null, 'view', null, null)).toEqual({ allowed: false })
  })

  test('is made by the nearest node that mentions the role', () => {
    expect(ask(null, 'view', null, { everyone: [] }, { everyone: ['view'] }).allowed).toBe(false)
    expect(ask(null, 'view', null, { everyone: ['view'] }, { everyone: [] })).toEqual({
      allowed: true,
      role: 'everyone',
      path: '/2',
    })
  })

  test('is made for each role on its own: one that is granted is enough', () => {
    const acls: Acl[] = [{ everyone: [] }, { everyone: ['view'], user: ['view'] }]
    expect(ask(null, 'view', ...acls).allowed).toBe(false)
    expect(ask(person('u'), 'view', ...acls)).toMatchObject({ allowed: true, role: 'user', path: '/1' })
  })

  test('grants every permission with *', () => {
    expect(ask(person('s', 'staff'), 'fly', { staff: ['*'] }).allowed).toBe(true)
    expect(ask(person('u'), 'fly', { staff: ['*'] }).allowed).toBe(false)
  })

  test("takes a node's own rules before its basetype's", () => {
    const at = (acl: Acl | null) => [{ acl, basetype: 'office', path: '/o' }]
    expect(decide(at(null), basetypes, rolesOf(null), 'view').allowed).toBe(false)
    expect(decide(at({ everyone: ['view'] }), basetypes, rolesOf(null), 'view').allowed).toBe(true)
    expect(decide(at({ staff: [] }), basetypes, rolesOf(person('s', 'staff')), 'view').allowed).toBe(false)
  })

  test('is none by a role that is called like what every object has', () => {
    expect(ask(person('u', 'constructor', '__proto__'), 'edit', { staff: ['edit'] }, null)).toEqual({
      allowed: false,
    })
    expect(ask(person('u', 'constructor'), 'edit', { constructor: ['edit'] } as never)).toMatchObject({
      allowed: true,
    })
    expect(explain(branch({}), basetypes, ['constructor'], 'edit')).toMatchObject({ because: 'silent' })
  })

  test('is always yes for an administrator', () => {
    expect(ask(person('a', 'admin'), 'anything', { admin: [], everyone: [] }).allowed).toBe(true)
  })
})

let site: TestSite
let visitor: Djet
let staff: Djet
let user: Djet

beforeAll(async () => {
  const sample = definePlugin(() => ({ name: 'sample', basetypes: [open, office] }))
  site = await createTestSite({ plugins: [users(), sample()] })
  const { djet, app } = site
  visitor = app.scope({ user: null })
  staff = app.scope({ user: person('nancy', 'staff') })
  user = app.scope({ user: person('joe') })
  await djet.nodes.insert('/', {
    basetype: open,
    part: 'open',
    acl: { staff: ['view', 'edit'] },
    data: { origin: 'import 7', note: 'hello' },
  })
  await djet.nodes.insert('/', { basetype: office, part: 'office' })
  await djet.nodes.insert('/office', { basetype: open, part: 'desk' })
  await djet.nodes.insert('/office', { basetype: open, part: 'window', acl: { everyone: ['view'] } })
  const secret: Acl = { everyone: [], user: [] }
  await djet.nodes.insertMany(
    '/open',
    Array.from({ length: 12 }, (_, i) => ({
      basetype: i % 4 === 3 ? office : open,
      part: `n${i}`,
      ...(i % 3 === 0 ? { acl: secret } : {}),
    })),
  )
  await addUser(djet, { login: 'nancy', password: 'n-quiet-river', roles: ['staff'] })
  await addUser(djet, { login: 'joe', password: 'j-quiet-river' })
})
afterAll(() => site.close())

describe('the tree of a visitor', () => {
  test('has no nodes that may not be viewed', async () => {
    expect(await visitor.nodes.get('/office')).toBeNull()
    expect(await visitor.nodes.get('/office/desk')).toBeNull()
    await expect(visitor.nodes.require('/office')).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
    expect((await visitor.nodes.get('/office/window'))?.part).toBe('window')
    expect((await staff.nodes.get('/office/desk'))?.part).toBe('desk')
  })

  test('lists only children that may be viewed, in full pages', async () => {
    const seen = async (djet: Djet) => {
      const parts: string[][] = []
      let after: string | undefined
      do {
        const page = await djet.nodes.children('/open', { limit: 3, after })
        parts.push(page.items.map(({ part }) => part))
        after = page.next ?? undefined
      } while (after !== undefined)
      return parts
    }
    expect(await seen(visitor)).toEqual([
      ['n1', 'n2', 'n4'],
      ['n5', 'n8', 'n10'],
    ])
    expect((await seen(user)).flat()).toEqual((await seen(visitor)).flat())
    expect((await seen(staff)).flat()).toHaveLength(12)
    expect((await seen(site.djet)).flat()).toHaveLength(12)
  })

  test('is the whole tree once the code says that it asks as the system', async () => {
    expect((await visitor.asSystem().nodes.get('/office/desk'))?.part).toBe('desk')
    expect(visitor.asSystem().system).toBe(true)
    expect(visitor.system).toBe(false)
  })
})

describe('a change', () => {
  test('needs the right to edit', async () => {
    for (const [djet, status] of [
      [visitor, 401],
      [user, 403],
    ] as const) {
      const denied = { code: 'ACCESS_DENIED', status }
      await expect(djet.nodes.insert('/open', { basetype: open, part: 'x' })).rejects.toMatchObject(denied)
      await expect(djet.nodes.update('/open', { title: 'x' })).rejects.toMatchObject(denied)
      await expect(djet.nodes.delete('/open')).rejects.toMatchObject(denied)
      await expect(djet.nodes.move('/open', { parent: '/' })).rejects.toMatchObject(denied)
    }
  })

  test('of what may not even be viewed is one of a node that is not there', async () => {
    await expect(user.nodes.update('/office/desk', { title: 'x' })).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
      status: 404,
    })
    await expect(user.nodes.insert('/office', { basetype: open, part: 'x' })).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
    })
  })

  test('of place needs the right at both ends', async () => {
    const { id } = await staff.nodes.insert('/open', { basetype: open, part: 'mover' })
    await expect(staff.nodes.move(id, { parent: '/' })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      status: 403,
      message: 'you may not edit /.',
    })
    expect((await staff.nodes.move(id, { parent: '/office' })).path).toBe('/office/mover')
  })

  test('is noted as that of who made it', async () => {
    const node = await staff.nodes.insert('/open', { basetype: open, part: 'hers' })
    expect(node).toMatchObject({ createdBy: 'nancy', modifiedBy: 'nancy' })
  })

  test('may be asked about beforehand', async () => {
    expect([await visitor.can('view', '/open'), await visitor.can('edit', '/open')]).toEqual([true, false])
    expect(await staff.can('edit', '/open')).toBe(true)
    expect(await staff.can('edit', '/nowhere')).toBe(false)
    await expect(user.require('edit', '/open')).rejects.toMatchObject({ code: 'ACCESS_DENIED', status: 403 })
    await expect(user.require('edit', '/nowhere')).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
  })
})

describe('a request for what may not be viewed', () => {
  test('sends a visitor to the login, from where he comes to where he wanted to go', async () => {
    const someone = await site.visitor()
    const answer = await someone.get('/office?tab=2&x=%26')
    expect(answer.status).toBe(303)
    expect(answer.location).toBe(`/login?return=${encodeURIComponent('/office?tab=2&x=%26')}`)
    const form = await someone.get(answer.location ?? '')
    expect(form.text).toContain('name="return" value="/office?tab=2&amp;x=%26"')
    const logged = await someone.post('/login', {
      login: 'nancy',
      password: 'n-quiet-river',
      return: '/office?tab=2&x=%26',
    })
    expect([logged.status, logged.location]).toEqual([303, '/office?tab=2&x=%26'])
    expect((await someone.get(logged.location ?? '')).status).toBe(200)
  })

  test('tells a program 401 as JSON', async () => {
    const someone = await site.visitor()
    const answer = await someone.get('/office', { accept: 'application/json' })
    expect(answer.status).toBe(401)
    expect(answer.json()).toEqual({ error: { code: 'ACCESS_DENIED', message: 'you may not view /office.' } })
  })

  test('tells who is logged in 403', async () => {
    const joe = await (await site.visitor()).login('joe', 'j-quiet-river')
    for (const path of ['/office', '/open/-/edit', '/open/-/new/open', '/open/-/delete', '/users']) {
      const answer = await joe.get(path)
      expect([path, answer.status]).toEqual([path, 403])
      expect(answer.text).toContain('You may not')
    }
    expect((await joe.get('/office', { accept: 'application/json' })).status).toBe(403)
  })

  test('of a page below it that is not there tells no more than that', async () => {
    const someone = await site.visitor()
    expect((await someone.get('/office/no-such-desk')).status).toBe(303)
  })
})

describe('the JSON of a page', () => {
  test('leaves out the same children', async () => {
    const someone = await site.visitor()
    const { children } = await someone.json<{ children: { items: { path: string }[] } }>('/open')
    expect(children.items.map(({ path }) => path)).toEqual(
      ['n1', 'n2', 'n4', 'n5', 'n8', 'n10', 'hers'].map((part) => `/open/${part}`),
    )
  })

  test('and the page itself hide protected fields from those who may not edit', async () => {
    const someone = await site.visitor()
    expect((await someone.json<{ data: object }>('/open')).data).toEqual({ note: 'hello' })
    expect((await someone.get('/open')).text).not.toContain('import 7')
    const nancy = await (await site.visitor()).login('nancy', 'n-quiet-river')
    expect((await nancy.json<{ data: object }>('/open')).data).toEqual({ note: 'hello', origin: 'import 7' })
    expect((await nancy.get('/open')).text).toContain('import 7')
  })
})
