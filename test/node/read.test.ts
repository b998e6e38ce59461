import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Djet, Node, NodeRef } from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import { bed, diary, garden, note, stone } from './garden.ts'

let site: TestSite
let djet: Djet
let list: Node
let newest: Node

beforeAll(async () => {
  site = await createTestSite({ plugins: [garden()] })
  djet = site.djet
  list = await djet.nodes.insert('/', { basetype: bed, part: 'list' })
  newest = await djet.nodes.insert('/', { basetype: diary, part: 'diary' })
  for (const parent of [list, newest]) {
    await djet.nodes.insertMany(
      parent,
      Array.from({ length: 25 }, (_, i) => ({ basetype: i % 5 === 0 ? stone : note, part: `p${i}` })),
    )
  }
})
afterAll(() => site.close())

/** Parts of all pages, one array a page. */
async function pages(parent: NodeRef, limit: number, basetype?: string): Promise<string[][]> {
  const found: string[][] = []
  let after: string | undefined
  do {
    const page = await djet.nodes.children(parent, { limit, after, ...(basetype ? { basetype } : {}) })
    found.push(page.items.map(({ part }) => part))
    after = page.next ?? undefined
  } while (after !== undefined)
  return found
}

const numbers = Array.from({ length: 25 }, (_, i) => `p${i}`)

describe('the children of a node', () => {
  test('come in pages, by position, none twice and none left out', async () => {
    const found = await pages(list, 10)
    expect(found.map(({ length }) => length)).toEqual([10, 10, 5])
    expect(found.flat()).toEqual(numbers)
  })

  test('come newest first where their parent says so', async () => {
    expect((await pages(newest, 10)).flat()).toEqual(numbers.toReversed())
  })

  test('end with a full page when their number is a multiple of its size', async () => {
    expect((await pages(list, 5)).map(({ length }) => length)).toEqual([5, 5, 5, 5, 5])
  })

  test('may be asked for by basetype', async () => {
    expect(await pages(list, 3, 'stone')).toEqual([
      ['p0', 'p5', 'p10'],
      ['p15', 'p20'],
    ])
    expect(await pages(newest, 3, 'stone')).toEqual([
      ['p20', 'p15', 'p10'],
      ['p5', 'p0'],
    ])
  })

  test('are not thrown into confusion by one that goes between two pages', async () => {
    const parent = await djet.nodes.insert('/', { basetype: bed, part: 'shrinking' })
    await djet.nodes.insertMany(
      parent,
      ['a', 'b', 'c', 'd'].map((part) => ({ basetype: note, part })),
    )
    const first = await djet.nodes.children(parent, { limit: 2 })
    await djet.nodes.delete(`${parent.path}/b`)
    const { items } = await djet.nodes.children(parent, { limit: 2, after: first.next ?? undefined })
    expect(items.map(({ part }) => part)).toEqual(['c', 'd'])
  })

  test.each([0, -1, 1001, 1.5, Number.NaN])('are not given %s at a time', async (limit) => {
    await expect(djet.nodes.children(list, { limit })).rejects.toMatchObject({
      code: 'LIMIT_INVALID',
      status: 400,
    })
  })

  test('are not given for a cursor that was tampered with', async () => {
    const { next } = await djet.nodes.children(list, { limit: 10 })
    const cursors = ['x', '', 'W10', `${next}x`.slice(3), Buffer.from('["a","b"]').toString('base64url')]
    for (const after of cursors) {
      await expect(djet.nodes.children(list, { after })).rejects.toMatchObject({
        code: 'CURSOR_INVALID',
        status: 400,
      })
    }
    // The cursor of a list by position is none for one that is newest first.
    await expect(djet.nodes.children(newest, { after: next ?? '' })).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
    })
  })
})

describe('a cursor with a number that no node has', () => {
  test.each([['[1e400,1]'], ['[1,1e99]'], ['[1,1.5]']])(
    '%s is refused or leads nowhere, as a 4xx',
    async (json) => {
      const after = Buffer.from(json).toString('base64url')
      const outcome = await djet.nodes.children(list, { after }).then(
        () => 200,
        (error: { status?: number }) => error.status ?? 500,
      )
      expect(outcome).toBeLessThan(500)
    },
  )
})

describe('the navigator', () => {
  test('finds the longest branch along a path, and what is left of it', async () => {
    const { branch, restPath } = await djet.nodes.navigate('/list/p3/-/edit')
    expect(branch.map(({ path }) => path)).toEqual(['/list/p3', '/list', '/'])
    expect(restPath).toBe('/-/edit')
  })

  test('gives / as the rest of a path that is a node', async () => {
    expect((await djet.nodes.navigate('/list')).restPath).toBe('/')
    expect((await djet.nodes.navigate('/')).restPath).toBe('/')
  })

  test('gives the root and the whole path when nothing fits', async () => {
    const { branch, restPath } = await djet.nodes.navigate('/lis/p3')
    expect(branch.map(({ path }) => path)).toEqual(['/'])
    expect(restPath).toBe('/lis/p3')
  })

  test('tells capital letters from small ones', async () => {
    expect((await djet.nodes.navigate('/List')).restPath).toBe('/List')
  })

  test('is not put off by a path of a thousand steps', async () => {
    const { branch, restPath } = await djet.nodes.navigate(`/list${'/x'.repeat(1000)}`)
    expect(branch[0]?.path).toBe('/list')
    expect(restPath).toHaveLength(2000)
  })

  test('follows a tree that is 60 steps deep', async () => {
    let node = await djet.nodes.insert('/', { basetype: bed, part: 'deep' })
    for (let i = 0; i < 58; i++) node = await djet.nodes.insert(node, { basetype: bed, part: 'd' })
    const { branch } = await djet.nodes.navigate(`${node.path}/rest`)
    expect(branch[0]?.id).toBe(node.id)
    expect(branch).toHaveLength(60)
  })
})

describe('a branch', () => {
  test('is the node and its parents, whichever way the node is named', async () => {
    const node = await djet.nodes.require('/list/p3')
    for (const ref of [node, node.id, node.path]) {
      const branch = await djet.nodes.branch(ref)
      expect(branch.map(({ path }) => path)).toEqual(['/list/p3', '/list', '/'])
    }
  })

  test('of no node is refused', async () => {
    await expect(djet.nodes.branch('/nowhere')).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
  })
})
