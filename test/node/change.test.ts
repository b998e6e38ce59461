import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Djet, Node } from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import { latch, someoneWaits } from './contention.ts'
import { bed, garden, note, plant, stone } from './garden.ts'

let site: TestSite
let djet: Djet
let here: Node

beforeAll(async () => {
  site = await createTestSite({ plugins: [garden()] })
  djet = site.djet
})
afterAll(() => site.close())
beforeEach(async () => {
  here = await djet.nodes.insert('/', { basetype: bed, name: 'Here' })
})

function newPlant(): Promise<Node> {
  return djet.nodes.insert(here, {
    basetype: 'plant',
    name: 'Rose',
    data: { species: 'Rosa', height: 80, price: '9.90' },
  })
}

describe('an update', () => {
  test('changes the fields it names and leaves the others', async () => {
    const { id } = await newPlant()
    const changed = await djet.nodes.update(id, { data: { height: 90 }, title: 'A rose' })
    expect(changed).toMatchObject({ title: 'A rose', name: 'Rose', version: 2 })
    expect(changed.data).toEqual({ species: 'Rosa', height: 90, price: '9.90', evergreen: false })
  })

  test.each([[null], [undefined], ['']])('with %j empties a field', async (value) => {
    const { id } = await newPlant()
    const { data } = await djet.nodes.update(id, { data: { price: value } })
    // An absent value is one that is not given.
    expect('price' in data).toBe(value === undefined)
  })

  test('cannot empty what is required', async () => {
    const { id } = await newPlant()
    await expect(djet.nodes.update(id, { data: { species: null, height: -1 } })).rejects.toMatchObject({
      code: 'FIELD_INVALID',
      status: 422,
      fields: { species: 'must be filled in', height: expect.any(String) },
    })
    expect((await djet.nodes.require(id)).version).toBe(1)
  })

  test('notes who made it and when', async () => {
    const node = await newPlant()
    const by = site.app.scope({ user: { id: 1, login: 'nancy', name: 'N', roles: [] }, system: true })
    const changed = await by.nodes.update(node, { title: 'Hers' })
    expect(changed).toMatchObject({ createdBy: null, modifiedBy: 'nancy' })
    expect(changed.modified.getTime()).toBeGreaterThan(node.modified.getTime())
  })

  test('of a version that is no longer the latest is refused and says who was before', async () => {
    const { id } = await newPlant()
    await djet.nodes.update(id, { title: 'First', version: 1 })
    await expect(djet.nodes.update(id, { title: 'Second', version: 1 })).rejects.toMatchObject({
      code: 'NODE_CHANGED',
      status: 409,
      message: '/here/rose was changed by the system in the meantime (version 2).'.replace(
        '/here',
        here.path,
      ),
    })
    expect((await djet.nodes.require(id)).title).toBe('First')
  })

  test('of a version lets one of two at the same moment through', async () => {
    const { id } = await newPlant()
    const both = await Promise.allSettled([
      djet.nodes.update(id, { title: 'A', version: 1 }),
      djet.nodes.update(id, { title: 'B', version: 1 }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect((await djet.nodes.require(id)).version).toBe(2)
  })

  test('of nothing changes nothing', async () => {
    const { id } = await newPlant()
    expect((await djet.nodes.update(id, {})).version).toBe(1)
  })

  test('of a node that is not there is refused', async () => {
    await expect(djet.nodes.update('/nowhere', { title: 'X' })).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
      status: 404,
    })
  })

  test('in a transaction that fails leaves no trace', async () => {
    const { id } = await newPlant()
    const failing = djet.transaction(async (djet) => {
      await djet.nodes.update(id, { title: 'Never' })
      expect((await djet.nodes.require(id)).title).toBe('Never')
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect((await djet.nodes.require(id)).title).toBe('Rose')
  })
})

describe('a renamed node', () => {
  test('takes its whole subtree along, and nothing else', async () => {
    const top = await djet.nodes.insert(here, { basetype: bed, part: 'top' })
    await djet.nodes.insert(here, { basetype: bed, part: 'top-2' })
    await djet.nodes.insert(here, { basetype: bed, part: 'top0' })
    for (let i = 0; i < 10; i++) {
      const middle = await djet.nodes.insert(top, { basetype: bed, part: `m${i}` })
      const leaves = Array.from({ length: 19 }, (_, n) => ({ basetype: note, part: `l${n}` }))
      await djet.nodes.insertMany(middle, leaves)
    }
    const renamed = await djet.nodes.update(top, { part: 'up' })
    expect(renamed.path).toBe(`${here.path}/up`)
    const rows = await djet.query<{ path: string; right: boolean }>(
      `select n.path, n.path = p.path || '/' || n.part as right from djet.node n join djet.node p on p.id = n.parent_id
       where starts_with(n.path, $1)`,
      [`${here.path}/`],
    )
    expect(rows.filter(({ path }) => path.startsWith(`${here.path}/up/`))).toHaveLength(200)
    expect(rows.filter(({ right }) => !right)).toEqual([])
    expect(rows.filter(({ path }) => path.startsWith(`${here.path}/top`)).map(({ path }) => path)).toEqual([
      `${here.path}/top-2`,
      `${here.path}/top0`,
    ])
    expect((await djet.nodes.get(`${here.path}/up/m9/l18`))?.part).toBe('l18')
    expect(await djet.nodes.get(`${here.path}/top/m9/l18`)).toBeNull()
  })

  test('may not take the place of a sibling', async () => {
    const a = await djet.nodes.insert(here, { basetype: note, part: 'a' })
    await djet.nodes.insert(here, { basetype: note, part: 'b' })
    await expect(djet.nodes.update(a, { part: 'b' })).rejects.toMatchObject({
      code: 'NODE_EXISTS',
      status: 409,
      fields: { part: 'is taken' },
    })
  })

  test('may not be the root', async () => {
    await expect(djet.nodes.update('/', { part: 'home' })).rejects.toMatchObject({ code: 'NODE_IS_ROOT' })
  })

  test('keeps its address when the new part is not one', async () => {
    const a = await djet.nodes.insert(here, { basetype: note, part: 'a' })
    await expect(djet.nodes.update(a, { part: '..' })).rejects.toMatchObject({ code: 'NODE_PART_INVALID' })
    expect((await djet.nodes.require(a)).part).toBe('a')
  })
})

describe('a deleted node', () => {
  test('goes with all that is below it, and the number is told', async () => {
    const a = await djet.nodes.insert(here, { basetype: bed, part: 'a' })
    const b = await djet.nodes.insert(a, { basetype: bed, part: 'b' })
    await djet.nodes.insertMany(
      b,
      Array.from({ length: 7 }, (_, i) => ({ basetype: note, part: `n${i}` })),
    )
    const neighbour = await djet.nodes.insert(here, { basetype: bed, part: 'a-2' })
    expect(await djet.nodes.delete(a)).toBe(9)
    expect(await djet.nodes.get(b.id)).toBeNull()
    expect((await djet.nodes.require(neighbour)).part).toBe('a-2')
    expect((await djet.nodes.children(here)).items).toHaveLength(1)
  })

  test('may not be the root', async () => {
    await expect(djet.nodes.delete('/')).rejects.toMatchObject({ code: 'NODE_IS_ROOT', status: 422 })
  })

  test('leaves no place for a node that is being made below it', async () => {
    const a = await djet.nodes.insert(here, { basetype: bed, part: 'a' })
    const gone = latch()
    const deleting = djet.transaction(async (djet) => {
      await djet.nodes.delete(a)
      gone.open()
      await someoneWaits(site.djet)
    })
    await gone.opened
    const inserting = djet.nodes.insert(a, { basetype: note, part: 'late' })
    await expect(inserting).rejects.toMatchObject({ code: 'NODE_NOT_FOUND', status: 404 })
    await deleting
  })
})

describe('data that is not for clients', () => {
  test('is set by code and kept by updates', async () => {
    const { id } = await djet.nodes.insert(here, {
      basetype: plant,
      name: 'Tulip',
      data: { species: 'Tulipa', secret: { cost: 3 } },
    })
    const { data } = await djet.nodes.update(id, { data: { height: 3 } })
    expect(data.secret).toEqual({ cost: 3 })
  })

  test('is never shared between callers', async () => {
    const node = await djet.nodes.insert(here, { basetype: stone, part: 's' })
    expect(Object.isFrozen(node)).toBe(true)
    expect(Object.isFrozen(node.data)).toBe(true)
  })
})
