import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Djet, DjetError, defineBasetype, definePlugin, field, type Node, z } from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import { garden } from './garden.ts'

const recipe = defineBasetype({
  name: 'recipe',
  title: 'Recipe',
  fields: {
    method: field.text(),
    servings: field.int({ required: true }),
    state: field.enum(['new', 'tried'], { updatable: false }),
    cost: field.protected<number>(),
    needs: field.structured({ schema: z.array(z.object({ what: z.string(), grams: z.number() })) }),
  },
})
const counter = defineBasetype({
  name: 'counter',
  title: 'Counter',
  versions: false,
  fields: { n: field.int() },
})
const kitchen = definePlugin(() => ({ name: 'kitchen', basetypes: [recipe, counter] }))

let site: TestSite
let djet: Djet
let nancy: Djet
let soup: Node

beforeAll(async () => {
  site = await createTestSite({ plugins: [garden(), kitchen()] })
  djet = site.djet
  await djet.nodes.update('/', { acl: { everyone: ['view'], cook: ['view', 'edit'] } })
  nancy = site.app.scope({
    user: { id: 1, login: 'nancy', name: 'Nancy', roles: ['cook'] },
    origin: { door: 'page' },
  })
})
afterAll(() => site.close())
beforeEach(async () => {
  soup = await djet.nodes.insert('/', { basetype: recipe, name: 'Soup', data: { servings: 2, state: 'new' } })
})

async function thrown(work: Promise<unknown>): Promise<DjetError> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(DjetError)
  return error as DjetError
}

describe('every save keeps what was there before', () => {
  test('with who, when and why, the newest first', async () => {
    await nancy.nodes.update(soup, { title: 'Onion soup', note: 'says which' })
    await nancy.nodes.update(soup, { data: { servings: 4 } })
    const { items, next } = await djet.nodes.versions(soup)
    expect(
      items.map(({ id, current, title, savedBy, note }) => ({ id, current, title, savedBy, note })),
    ).toEqual([
      { id: '3', current: true, title: 'Onion soup', savedBy: 'nancy', note: null },
      { id: '2', current: false, title: 'Onion soup', savedBy: 'nancy', note: 'says which' },
      { id: '1', current: false, title: 'Soup', savedBy: null, note: null },
    ])
    expect(next).toBeNull()
    expect(await djet.nodes.versionOf(soup, 1)).toMatchObject({ title: 'Soup', data: { servings: 2 } })
    expect(await djet.nodes.versionOf(soup, '3')).toMatchObject({ current: true, data: { servings: 4 } })
  })

  test('and lists them in pages by key', async () => {
    for (let i = 0; i < 6; i++) await djet.nodes.update(soup, { title: `Soup ${i}` })
    const seen: string[] = []
    for (let before: string | undefined; ; ) {
      const page = await djet.nodes.versions(soup, { limit: 3, before })
      seen.push(...page.items.map(({ id }) => id))
      if (page.next === null) break
      before = page.next
    }
    expect(seen).toEqual(['7', '6', '5', '4', '3', '2', '1'])
  })

  test('in the transaction of the save', async () => {
    const failing = djet.transaction(async (djet) => {
      await djet.nodes.update(soup, { title: 'Never' })
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect((await djet.nodes.versions(soup)).items).toHaveLength(1)
  })

  test('nothing of types that keep no versions, of what only changes its place, and of new nodes', async () => {
    const node = await djet.nodes.insert('/', { basetype: counter, name: 'Counter' })
    const other = await djet.nodes.insert('/', { basetype: counter, name: 'Other' })
    await djet.nodes.update(node, { data: { n: 1 } })
    const moved = await djet.nodes.move(node, { after: other })
    expect(moved.version).toBe(2)
    expect(
      await djet.query('select from djet.node_version where node_id in ($1, $2)', [node.id, other.id]),
    ).toEqual([])
    expect((await djet.nodes.versions(node)).items.map(({ id }) => id)).toEqual(['2'])
  })

  test('gone with the node', async () => {
    await djet.nodes.update(soup, { title: 'Gone' })
    await djet.nodes.delete(soup)
    expect(await djet.query('select from djet.node_version where node_id = $1', [soup.id])).toEqual([])
  })

  test('for those who may edit', async () => {
    const visitor = site.app.scope({ user: null })
    await expect(visitor.nodes.versions(soup)).rejects.toMatchObject({ code: 'ACCESS_DENIED', status: 401 })
    await expect(visitor.nodes.restore(soup, 1)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    await expect(djet.nodes.versionOf(soup, 9)).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      status: 404,
    })
    await expect(djet.nodes.versionOf(soup, 'x')).rejects.toMatchObject({
      code: 'VERSION_INVALID',
      status: 400,
    })
  })

  test('SQL of its own keeps them by a function', async () => {
    await djet.query('select djet.keep_version(array[$1::int])', [soup.id])
    await djet.query("update djet.node set title = 'By SQL', version = version + 1 where id = $1", [soup.id])
    expect((await djet.nodes.versions(soup)).items.map(({ title }) => title)).toEqual(['By SQL', 'Soup'])
  })
})

describe('a restored version', () => {
  test('is a new version; what only code changes stays', async () => {
    await djet.nodes.update(soup, {
      title: 'Bad',
      data: { servings: 9, method: 'Burn.', state: 'tried', cost: 3 },
    })
    const restored = await nancy.nodes.restore(soup, 1)
    expect(restored).toMatchObject({ title: 'Soup', version: 3, modifiedBy: 'nancy' })
    expect(restored.data).toEqual({ servings: 2, state: 'tried', cost: 3 })
    expect((await djet.nodes.versions(soup)).items[0]).toMatchObject({ id: '3', note: 'version 1' })
    expect(await djet.nodes.versionOf(soup, 2)).toMatchObject({ title: 'Bad', data: { method: 'Burn.' } })
  })

  test('must fit the fields of today', async () => {
    await djet.nodes.update(soup, { title: 'Later' })
    await djet.query("update djet.node_version set data = '{}' where node_id = $1", [soup.id])
    await expect(djet.nodes.restore(soup, 1)).rejects.toMatchObject({
      code: 'FIELD_INVALID',
      fields: { servings: 'must be filled in' },
    })
  })

  test('is refused when somebody saved meanwhile', async () => {
    await djet.nodes.update(soup, { title: 'Later' })
    await expect(djet.nodes.restore(soup, 1, { ifVersion: 1 })).rejects.toMatchObject({
      code: 'NODE_CHANGED',
    })
  })
})

test('two versions differ field by field, texts word by word, structures place by place', async () => {
  await djet.nodes.update(soup, {
    data: { method: 'Cut the onions. Fry them.', needs: [{ what: 'onion', grams: 500 }] },
  })
  await djet.nodes.update(soup, {
    title: 'Onion soup',
    data: {
      method: 'Cut the leek. Fry them.',
      servings: 3,
      needs: [
        { what: 'onion', grams: 400 },
        { what: 'leek', grams: 1 },
      ],
    },
  })
  const differences = await djet.nodes.diff(soup, 2, 3)
  expect(differences.map(({ field }) => field)).toEqual([
    'title',
    'data.method',
    'data.servings',
    'data.needs',
  ])
  expect(differences[1]?.text).toEqual([
    { text: 'Cut the ', kind: 'same' },
    { text: 'onions', kind: 'removed' },
    { text: 'leek', kind: 'added' },
    { text: '. Fry them.', kind: 'same' },
  ])
  expect(differences[2]).toMatchObject({ title: 'Servings', before: 2, after: 3 })
  expect(differences[3]?.paths).toEqual([
    { path: '[0].grams', title: 'row 1, Grams', before: 500, after: 400 },
    { path: '[1]', title: 'row 2', before: undefined, after: { what: 'leek', grams: 1 } },
  ])
  expect(await djet.nodes.diff(soup, 3, 3)).toEqual([])
})

describe('two who save the same page', () => {
  test('the second is told, with both states and where they began', async () => {
    await nancy.nodes.update(soup, { title: 'Hers', data: { servings: 5 }, ifVersion: 1 })
    const error = await thrown(
      djet.nodes.update(soup, { title: 'Mine', data: { method: 'Stir.' }, ifVersion: 1 }),
    )
    expect(error).toMatchObject({ code: 'NODE_CHANGED', status: 409 })
    expect(error.details).toMatchObject({
      current: { version: '2', title: 'Hers', data: { servings: 5 }, savedBy: 'nancy' },
      yours: { title: 'Mine', data: { servings: 2, method: 'Stir.' } },
      base: { version: '1', title: 'Soup', data: { servings: 2 } },
      fields: ['title', 'servings', 'method'],
    })
  })

  test('programs say by If-Match which version they read, and get 412', async () => {
    const visitor = await site.visitor()
    const answer = await visitor.get(soup.path, { accept: 'application/json' })
    const etag = String(answer.headers.get('etag'))
    expect(etag).toMatch(/^"1-[\w-]+"$/)
    await djet.nodes.update('/', { acl: { everyone: ['view', 'edit'] } })
    const csrfToken = await visitor.token()
    const save = (title: string, ifMatch: string) =>
      visitor.request('POST', `${soup.path}/-/edit`, JSON.stringify({ name: 'Soup', title, servings: 2 }), {
        accept: 'application/json',
        'content-type': 'application/json',
        'x-csrf-token': csrfToken,
        'if-match': ifMatch,
      })
    expect((await save('First', etag)).status).toBe(303)
    const second = await save('Second', etag)
    expect(second.status).toBe(412)
    expect(second.json<{ error: unknown }>().error).toMatchObject({
      code: 'NODE_CHANGED',
      details: { current: { title: 'First' }, yours: { title: 'Second' } },
    })
    expect((await save('Third', '"2"')).status).toBe(303)
    expect((await save('Fourth', 'W/what')).status).toBe(400)
    await djet.nodes.update('/', { acl: { everyone: ['view'], cook: ['view', 'edit'] } })
  })
})

test('what people change is noted, what the site does by itself is not', async () => {
  await djet.nodes.update(soup, { title: 'System' })
  await nancy.nodes.update(soup, { title: 'Nancy', data: { servings: 7 } })
  await nancy.nodes.restore(soup, 1)
  const lines = await djet.query(
    'select login, door, action, subject, data from djet.audit where node_id = $1 order by id',
    [soup.id],
  )
  expect(lines).toMatchObject([
    {
      login: 'nancy',
      door: 'page',
      action: 'node.save',
      data: { fields: ['title', 'servings'], version: 3 },
    },
    { login: 'nancy', action: 'node.restore', data: { version: '1' } },
  ])
})
