import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { Djet, NodeOf } from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import { bed, garden, gate, island, note, plant, statue, stone } from './garden.ts'

let site: TestSite
let djet: Djet

beforeAll(async () => {
  site = await createTestSite({ plugins: [garden()] })
  djet = site.djet
  await djet.nodes.insert('/', { basetype: bed, part: 'bed', name: 'Bed' })
})
afterAll(() => site.close())

function count(): Promise<unknown> {
  return djet.query('select count(*) as n from djet.node')
}

describe('the part of a new node', () => {
  test('is made from its name', async () => {
    const node = await djet.nodes.insert('/bed', { basetype: note, name: 'Côte de Blaye & Ähren' })
    expect(node).toMatchObject({
      part: 'cote-de-blaye-and-aehren',
      path: '/bed/cote-de-blaye-and-aehren',
      name: 'Côte de Blaye & Ähren',
      title: 'Côte de Blaye & Ähren',
      version: 1,
      createdBy: null,
    })
  })

  test('made from a name that is taken gets a number', async () => {
    const parts = []
    for (let i = 0; i < 3; i++)
      parts.push((await djet.nodes.insert('/bed', { basetype: note, name: 'Twin' })).part)
    expect(parts).toEqual(['twin', 'twin-2', 'twin-3'])
  })

  test("of a name without letters is 'node'", async () => {
    expect((await djet.nodes.insert('/bed', { basetype: note, name: '???' })).part).toBe('node')
  })

  test('that is given and taken is refused', async () => {
    await djet.nodes.insert('/bed', { basetype: note, part: 'mine' })
    await expect(djet.nodes.insert('/bed', { basetype: note, part: 'mine' })).rejects.toMatchObject({
      code: 'NODE_EXISTS',
      status: 409,
      message: "there is already a node 'mine' below /bed. Choose another address.",
      fields: { part: 'is taken' },
    })
  })

  test('is the same in composed and in decomposed form', async () => {
    const node = await djet.nodes.insert('/bed', { basetype: note, part: 'Mu\u0308nster' })
    expect(node.part).toBe('M\u00fcnster')
    await expect(djet.nodes.insert('/bed', { basetype: note, part: 'M\u00fcnster' })).rejects.toMatchObject({
      code: 'NODE_EXISTS',
    })
  })

  test.each([
    ['', 'must not be empty'],
    ['a/b', "must not contain '/' or '\\'"],
    ['.', "must not be '.'"],
    ['..', "must not be '..'"],
    ['-', "must not be '-'"],
    ['a\nb', 'must not contain control characters'],
    ['a\u0000b', 'must not contain control characters'],
    ['\u202elive', 'must not contain control characters'],
    ['a\u200bb', 'must not contain control characters'],
    [' a', 'must not begin or end with a space'],
    ['x'.repeat(201), 'is longer than 200 characters'],
  ])('%j is refused', async (part, problem) => {
    await expect(djet.nodes.insert('/bed', { basetype: note, part })).rejects.toMatchObject({
      code: 'NODE_PART_INVALID',
      status: 422,
      fields: { part: problem },
    })
  })

  test('may have letters of every script, spaces, dots, percent and question marks', async () => {
    for (const part of ['日本', 'a b', '.hidden', '100%', 'what?', '#1', '--', '👩\u200d🚀', 'شركة']) {
      const { id } = await djet.nodes.insert('/bed', { basetype: note, part })
      expect((await djet.nodes.get(`/bed/${part}`))?.id).toBe(id)
    }
  })

  test('that makes the path longer than 2,000 octets is refused', async () => {
    let parent = await djet.nodes.insert('/bed', { basetype: bed, part: 'y'.repeat(190) })
    while (parent.path.length + 191 <= 2000)
      parent = await djet.nodes.insert(parent, { basetype: bed, part: 'y'.repeat(190) })
    await expect(djet.nodes.insert(parent, { basetype: bed, part: 'y'.repeat(190) })).rejects.toMatchObject({
      code: 'NODE_PATH_TOO_LONG',
      status: 422,
    })
  })
})

describe('where a node may stand', () => {
  test('its own basetype decides', async () => {
    await expect(djet.nodes.insert('/', { basetype: plant, name: 'Rose' })).rejects.toMatchObject({
      code: 'NODE_PARENT_REFUSED',
      status: 422,
      message: 'Plant (plant) may not stand under Page (page). Allowed: bed.',
    })
    await expect(djet.nodes.insert('/bed', { basetype: island, name: 'Crete' })).rejects.toMatchObject({
      code: 'NODE_PARENT_REFUSED',
      message: expect.stringContaining('It may only be the root.'),
    })
  })

  test("its parent's basetype decides", async () => {
    const rose = await djet.nodes.insert('/bed', { basetype: plant, name: 'Rose', data: { species: 'Rosa' } })
    await expect(djet.nodes.insert(rose, { basetype: stone, name: 'Pebble' })).rejects.toMatchObject({
      code: 'NODE_CHILD_REFUSED',
      status: 422,
      message: 'Plant (plant) may not have a child of type Stone (stone). Allowed: note.',
    })
    const pebble = await djet.nodes.insert('/bed', { basetype: stone, name: 'Pebble' })
    await expect(djet.nodes.insert(pebble, { basetype: note, name: 'On it' })).rejects.toMatchObject({
      message: expect.stringContaining('It has no children.'),
    })
  })

  test('is below a node that is there', async () => {
    for (const parent of ['/nowhere', 2_000_000_000, -1]) {
      await expect(djet.nodes.insert(parent, { basetype: note, name: 'Lost' })).rejects.toMatchObject({
        code: 'NODE_NOT_FOUND',
        status: 404,
      })
    }
  })

  test('there is one root and no second', async () => {
    await expect(djet.nodes.insert(null, { basetype: bed, name: 'Other' })).rejects.toMatchObject({
      code: 'NODE_EXISTS',
      status: 409,
    })
  })

  test('a basetype that no plugin brings is refused, with a guess', async () => {
    await expect(djet.nodes.insert('/', { basetype: 'plnat', name: 'Rose' })).rejects.toMatchObject({
      code: 'BASETYPE_UNKNOWN',
      message: "there is no basetype 'plnat'. Did you mean 'plant'?",
    })
  })
})

describe('a basetype with a most', () => {
  test('of one has exactly one node, and says where it is', async () => {
    await djet.nodes.insert('/bed', { basetype: gate, part: 'gate' })
    await expect(djet.nodes.insert('/', { basetype: gate, name: 'Back' })).rejects.toMatchObject({
      code: 'NODE_MAX',
      status: 409,
      message: 'a site has exactly one Gate (gate); it is at /bed/gate.',
    })
    await djet.nodes.delete('/bed/gate')
    await expect(djet.nodes.insert('/', { basetype: gate, name: 'Back' })).resolves.toBeDefined()
  })

  test('counts many made at once', async () => {
    const three = ['a', 'b', 'c'].map((part) => ({ basetype: statue, part }))
    await expect(djet.nodes.insertMany('/bed', three)).rejects.toMatchObject({ code: 'NODE_MAX' })
    expect(await djet.nodes.insertMany('/bed', three.slice(0, 2))).toHaveLength(2)
    await expect(djet.nodes.insert('/bed', { basetype: statue, part: 'c' })).rejects.toMatchObject({
      message: expect.stringContaining('at most 2'),
    })
  })

  test('is held to it when two are made at the same moment', async () => {
    await djet.query("delete from djet.node where basetype = 'gate'")
    const made = await Promise.allSettled(
      ['one', 'two', 'three'].map((part) => djet.nodes.insert('/bed', { basetype: gate, part })),
    )
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('the fields of a new node', () => {
  test('are read from form text or from JSON, with defaults filled in', async () => {
    const data = { species: ' Rosa canina ', height: '120', price: '4.5', sown: '2026-03-01' }
    const node = await djet.nodes.insert('/bed', { basetype: plant, name: 'Dog rose', data })
    expect(node.data).toEqual({
      species: 'Rosa canina',
      height: 120,
      price: '4.50',
      sown: '2026-03-01',
      evergreen: false,
    })
    expect((await djet.nodes.get(node.id))?.data).toEqual(node.data)
  })

  test('that do not fit are named, each with its message, and nothing is made', async () => {
    const before = await count()
    const data = { height: 'tall', sown: '2026-02-30', colour: 'red' }
    await expect(djet.nodes.insert('/bed', { basetype: plant, name: 'X', data })).rejects.toMatchObject({
      code: 'FIELD_INVALID',
      status: 422,
      message: expect.stringMatching(/^Plant: /),
      fields: {
        species: 'must be filled in',
        height: expect.stringContaining('whole number'),
        sown: expect.any(String),
        colour: expect.any(String),
      },
    })
    expect(await count()).toEqual(before)
  })

  test('give the type of its data', async () => {
    const node = await djet.nodes.insert('/bed', { basetype: plant, name: 'Fern', data: { species: 'Fern' } })
    expectTypeOf(node.data.species).toEqualTypeOf<string>()
    expectTypeOf(node.data.height).toEqualTypeOf<number | undefined>()
    const read = await djet.nodes.get(node.id, plant)
    expectTypeOf(read).toEqualTypeOf<NodeOf<typeof plant> | null>()
    expectTypeOf<NodeOf<typeof plant>['data']['price']>().toEqualTypeOf<string | undefined>()
    expectTypeOf((await djet.nodes.require(node.id)).data).toExtend<Record<string, unknown>>()
    expect(read?.data.species).toBe('Fern')
  })

  test('asked for by another basetype give null', async () => {
    const node = await djet.nodes.insert('/bed', { basetype: note, name: 'No plant' })
    expect(await djet.nodes.get(node.id, plant)).toBeNull()
    await expect(djet.nodes.require(node.id, plant)).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
      message: `there is no plant ${node.id}.`,
    })
  })
})

describe('many nodes at once', () => {
  test('are all made, in their order', async () => {
    const parent = await djet.nodes.insert('/bed', { basetype: bed, name: 'Thousand' })
    const nodes = Array.from({ length: 1000 }, (_, i) => ({ basetype: note, part: `n${i}` }))
    const made = await djet.nodes.insertMany(parent, nodes)
    expect(made.map(({ path }) => path)).toEqual(nodes.map(({ part }) => `/bed/thousand/${part}`))
    const { items } = await djet.nodes.children(parent, { limit: 1000 })
    expect(items.map(({ part }) => part)).toEqual(nodes.map(({ part }) => part))
  })

  test.each([
    ['one is taken', [{ part: 'new-1' }, { part: 'here' }], 'NODE_EXISTS'],
    ['two are the same', [{ part: 'new-2' }, { part: 'new-2' }], 'NODE_EXISTS'],
    ['one has a wrong part', [{ part: 'new-3' }, { part: '..' }], 'NODE_PART_INVALID'],
  ])('are none when %s', async (_, nodes, code) => {
    const parent = await djet.nodes.insert('/bed', { basetype: bed, name: 'Few' })
    await djet.nodes.insert(parent, { basetype: note, part: 'here' })
    await expect(
      djet.nodes.insertMany(
        parent,
        nodes.map((node) => ({ ...node, basetype: note })),
      ),
    ).rejects.toMatchObject({ code })
    expect((await djet.nodes.children(parent)).items).toHaveLength(1)
  })

  test('may be none at all', async () => {
    expect(await djet.nodes.insertMany('/bed', [])).toEqual([])
  })
})
