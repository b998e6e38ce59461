import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Djet, Node } from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import { latch, someoneWaits } from './contention.ts'
import { bed, garden, note, plant, stone } from './garden.ts'

let site: TestSite
let djet: Djet
let here: Node
/** Children of `here` with the parts a, b, c, d. */
let a: Node
let b: Node
let c: Node
let d: Node

beforeAll(async () => {
  site = await createTestSite({ plugins: [garden()] })
  djet = site.djet
})
afterAll(() => site.close())
beforeEach(async () => {
  here = await djet.nodes.insert('/', { basetype: bed, name: 'Here' })
  const made = await djet.nodes.insertMany(
    here,
    ['a', 'b', 'c', 'd'].map((part) => ({ basetype: bed, part })),
  )
  ;[a, b, c, d] = made as [Node, Node, Node, Node]
})

async function order(parent: Node = here): Promise<string> {
  return (await djet.nodes.children(parent)).items.map(({ part }) => part).join(' ')
}

describe('a moved node', () => {
  test('stands last when no place is named', async () => {
    await djet.nodes.move(a, {})
    expect(await order()).toBe('b c d a')
  })

  test('stands before or after the sibling that is named', async () => {
    await djet.nodes.move(d, { before: a })
    expect(await order()).toBe('d a b c')
    await djet.nodes.move(d, { after: b.path })
    expect(await order()).toBe('a b d c')
    await djet.nodes.move(a.id, { after: c.id })
    expect(await order()).toBe('b d c a')
  })

  test('takes its subtree to another parent', async () => {
    const leaf = await djet.nodes.insert(a, { basetype: note, part: 'leaf' })
    const moved = await djet.nodes.move(a, { parent: c })
    expect(moved).toMatchObject({ path: `${here.path}/c/a`, parentId: c.id, version: 2 })
    expect((await djet.nodes.require(leaf)).path).toBe(`${here.path}/c/a/leaf`)
    expect(await order()).toBe('b c d')
    expect(await order(c)).toBe('a')
  })

  test('may get another part on the way', async () => {
    await djet.nodes.insert(c, { basetype: bed, part: 'a' })
    await expect(djet.nodes.move(a, { parent: c })).rejects.toMatchObject({
      code: 'NODE_EXISTS',
      status: 409,
      message: expect.stringContaining(`'a' below ${here.path}/c`),
    })
    expect((await djet.nodes.move(a, { parent: c, part: 'a-2' })).path).toBe(`${here.path}/c/a-2`)
  })

  test('finds its place among the children of another parent', async () => {
    await djet.nodes.move(b, { parent: a })
    await djet.nodes.move(c, { parent: a, before: b })
    expect(await order(a)).toBe('c b')
  })

  test('finds room however often it is put between the same two', async () => {
    let [one, other] = [c, d]
    for (let i = 0; i < 80; i++) {
      await djet.nodes.move(other, { after: a })
      ;[one, other] = [other, one]
    }
    expect(await order()).toBe('a c d b'.includes(one.part) ? `a ${one.part} ${other.part} b` : '')
    const positions = (await djet.nodes.children(here)).items.map(({ position }) => position)
    expect(new Set(positions).size).toBe(4)
  })
})

describe('a move is refused', () => {
  test('below the node itself, at any depth', async () => {
    const deep = await djet.nodes.insert(await djet.nodes.insert(a, { basetype: bed, part: 'x' }), {
      basetype: bed,
      part: 'y',
    })
    for (const parent of [a, deep]) {
      await expect(djet.nodes.move(a, { parent })).rejects.toMatchObject({
        code: 'NODE_MOVE_INTO_ITSELF',
        status: 409,
        message: `${a.path} cannot be moved below itself.`,
      })
    }
    expect((await djet.nodes.require(deep)).path).toBe(`${a.path}/x/y`)
  })

  test('to where its basetype may not stand', async () => {
    const rose = await djet.nodes.insert(a, { basetype: plant, name: 'Rose', data: { species: 'Rosa' } })
    await expect(djet.nodes.move(rose, { parent: '/' })).rejects.toMatchObject({
      code: 'NODE_PARENT_REFUSED',
    })
    const pebble = await djet.nodes.insert(here, { basetype: stone, part: 'pebble' })
    await expect(djet.nodes.move(pebble, { parent: rose })).rejects.toMatchObject({
      code: 'NODE_CHILD_REFUSED',
    })
  })

  test('beside a node that is no sibling', async () => {
    await expect(djet.nodes.move(a, { before: '/' })).rejects.toMatchObject({ code: 'NODE_NO_SIBLING' })
    await expect(djet.nodes.move(a, { before: a })).rejects.toMatchObject({ code: 'NODE_NO_SIBLING' })
  })

  test('of the root, and to nowhere', async () => {
    await expect(djet.nodes.move('/', { parent: a })).rejects.toMatchObject({ code: 'NODE_IS_ROOT' })
    await expect(djet.nodes.move(a, { parent: '/nowhere' })).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
    })
  })
})

describe('two at the same time', () => {
  /** Nodes whose path is not the one their place in the tree gives. */
  function wrongPaths(): Promise<unknown[]> {
    return djet.query(
      `select n.path from djet.node n join djet.node p on p.id = n.parent_id
       where n.path <> case p.path when '/' then '/' else p.path || '/' end || n.part`,
    )
  }

  test('an insert below a node that is being moved lands at its new path', async () => {
    const moved = latch()
    const moving = djet.transaction(async (djet) => {
      await djet.nodes.move(a, { parent: b })
      moved.open()
      await someoneWaits(site.djet)
    })
    await moved.opened
    const made = await djet.nodes.insert(a, { basetype: note, part: 'new' })
    await moving
    expect((await djet.nodes.require(made)).path).toBe(`${here.path}/b/a/new`)
    expect(await wrongPaths()).toEqual([])
  })

  test('a move of a node below which an insert is under way takes the new node along', async () => {
    const inserted = latch()
    const inserting = djet.transaction(async (djet) => {
      const node = await djet.nodes.insert(a, { basetype: note, part: 'new' })
      inserted.open()
      await someoneWaits(site.djet)
      return node
    })
    await inserted.opened
    await djet.nodes.move(a, { parent: b })
    expect((await djet.nodes.require(await inserting)).path).toBe(`${here.path}/b/a/new`)
    expect(await wrongPaths()).toEqual([])
  })

  test('moves of two nodes into each other make no circle', async () => {
    const both = await Promise.allSettled([
      djet.nodes.move(a, { parent: b }),
      djet.nodes.move(b, { parent: a }),
    ])
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(both.find((result) => result.status === 'rejected')?.reason).toMatchObject({
      code: 'NODE_MOVE_INTO_ITSELF',
      status: 409,
    })
    expect(await wrongPaths()).toEqual([])
  })

  test('renames and inserts in one subtree keep all paths right', async () => {
    const work: Promise<unknown>[] = []
    for (let i = 0; i < 10; i++) {
      work.push(djet.nodes.update(a, { part: `a${i}` }))
      work.push(djet.nodes.insert(a.id, { basetype: bed, part: `k${i}` }))
      work.push(djet.nodes.move(b, { parent: i % 2 === 0 ? a.id : c.id }))
    }
    const results = await Promise.allSettled(work)
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
    expect(await wrongPaths()).toEqual([])
    expect((await djet.nodes.children(a.id)).items.filter(({ part }) => part.startsWith('k'))).toHaveLength(
      10,
    )
  })
})
