import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defineBasetype, definePlugin, field } from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'

const author = defineBasetype({ name: 'author', title: 'Author' })
const book = defineBasetype({
  name: 'book',
  title: 'Book',
  fields: { by: field.node({ title: 'Written by', basetypes: ['author'] }) },
})

describe('a field that refers to a node', () => {
  let site: TestSite
  let authorId: number

  beforeAll(async () => {
    const shelf = definePlugin(() => ({ name: 'shelf', basetypes: [author, book] }))
    site = await createTestSite({ plugins: [shelf()] })
    authorId = (await site.djet.nodes.insert('/', { basetype: author, name: 'Anna' })).id
  })
  afterAll(() => site.close())

  test('takes a node of a type that fits', async () => {
    const node = await site.djet.nodes.insert('/', { basetype: book, name: 'One', data: { by: authorId } })
    expect(node.data.by).toBe(authorId)
  })

  test('refuses a node that does not exist, on insert and on update', async () => {
    const refused = {
      code: 'FIELD_INVALID',
      status: 422,
      fields: { by: 'names node 999999, which does not exist' },
    }
    const { nodes } = site.djet
    await expect(
      nodes.insert('/', { basetype: book, name: 'Two', data: { by: 999_999 } }),
    ).rejects.toMatchObject(refused)
    const node = await nodes.insert('/', { basetype: book, name: 'Three' })
    await expect(nodes.update(node, { data: { by: 999_999 } })).rejects.toMatchObject(refused)
  })

  test('refuses a node of another type, and then all of many', async () => {
    const { nodes } = site.djet
    const root = await nodes.require('/')
    const many = [authorId, root.id].map((by, i) => ({ basetype: book, name: `Many ${i}`, data: { by } }))
    await expect(nodes.insertMany('/', many)).rejects.toMatchObject({
      message: expect.stringContaining(`must be a node of type author; node ${root.id} is a page`),
    })
    expect(await nodes.get('/many-0')).toBeNull()
  })
})
