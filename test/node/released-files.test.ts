import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { tidyNodes } from '../../core/housekeeping.ts'
import { type Djet, defineBasetype, definePlugin, field, type Node } from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'

const picture = defineBasetype({ name: 'picture', title: 'Picture', fields: { file: field.file() } })
const sketch = defineBasetype({
  name: 'sketch',
  title: 'Sketch',
  versions: false,
  fields: { file: field.file() },
})

let site: TestSite
let djet: Djet
let held: string[] = []
let file: string
let other: string
let node: Node

const gallery = definePlugin(() => ({
  name: 'gallery',
  basetypes: [picture, sketch],
  heldFiles: async (_djet: Djet, ids: readonly string[]) => ids.filter((id) => held.includes(id)),
}))

beforeAll(async () => {
  site = await createTestSite({ plugins: [gallery()] })
  djet = site.djet
})
afterAll(() => site.close())
beforeEach(async () => {
  held = []
  file = await stored()
  other = await stored()
  node = await djet.nodes.insert('/', { basetype: picture, name: 'Picture', data: { file } })
})

async function stored(): Promise<string> {
  const { id } = await djet.files.write({ name: 'a.txt', type: 'text/plain', content: 'A' })
  await djet.files.keep(id)
  return id
}

/** As if a day and, for the trash, a month had gone by. */
async function later(): Promise<void> {
  await djet.query(
    "update djet.file set released = released - interval '25 hours' where released is not null",
  )
  await djet.query("update djet.trash set trashed = trashed - interval '31 days'")
  await tidyNodes(site.app)
}

const isThere = async (id: string): Promise<boolean> => (await djet.files.get(id)) !== null

test('a file goes a day after its node was deleted', async () => {
  await djet.nodes.delete(node)
  await tidyNodes(site.app)
  expect(await isThere(file)).toBe(true)
  await later()
  expect([await isThere(file), await isThere(other)]).toEqual([false, true])
})

test('a file that an earlier version holds stays, until the node is gone', async () => {
  await djet.nodes.update(node, { data: { file: other } })
  await later()
  expect([await isThere(file), await isThere(other)]).toEqual([true, true])
  await djet.nodes.delete(node)
  await later()
  expect([await isThere(file), await isThere(other)]).toEqual([false, false])
})

test('a replaced file of a type without versions goes', async () => {
  const { id } = await djet.nodes.insert('/', { basetype: sketch, name: 'Sketch', data: { file: other } })
  const third = await stored()
  await djet.nodes.update(id, { data: { file: third } })
  await later()
  expect([await isThere(other), await isThere(third)]).toEqual([false, true])
})

test('a file in the trash stays as long as the trash does', async () => {
  await djet.nodes.trash(node)
  await tidyNodes(site.app)
  expect(await isThere(file)).toBe(true)
  await later()
  expect(await djet.query('select from djet.node where id = $1', [node.id])).toEqual([])
  expect(await isThere(file)).toBe(true)
  await later()
  expect(await isThere(file)).toBe(false)
})

test('a file that another node, a plugin, or a row of a table holds stays', async () => {
  const copy = await djet.nodes.duplicate(node)
  await djet.nodes.delete(node)
  await later()
  expect(await isThere(file)).toBe(true)
  held = [file]
  await djet.nodes.delete(copy)
  await later()
  expect(await isThere(file)).toBe(true)
  await djet.query('create table if not exists public.shelf (file_id uuid references djet.file (id))')
  await djet.query('insert into public.shelf values ($1)', [other])
  const last = await djet.nodes.insert('/', { basetype: picture, name: 'Last', data: { file: other } })
  await djet.nodes.delete(last)
  await later()
  expect(await isThere(other)).toBe(true)
})
