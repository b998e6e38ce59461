import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Djet,
  defineBasetype,
  definePlugin,
  field,
  type Node,
  trashObstacles,
} from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import type { Visitor } from '../visitor.ts'
import { latch, someoneWaits } from './contention.ts'
import { bed, garden, gate, note } from './garden.ts'

const leaf = defineBasetype({
  name: 'leaf',
  title: 'Leaf',
  fields: { number: field.int(), about: field.node() },
})
const fence = defineBasetype({ name: 'fence', title: 'Fence', fixed: true })
const deed = defineBasetype({ name: 'deed', title: 'Deed', trash: false })
const more = definePlugin(() => ({ name: 'more', basetypes: [leaf, fence, deed] }))

let site: TestSite
let djet: Djet
let ann: Djet
let guest: Djet
let visitor: Visitor
let here: Node
let top: Node
let low: Node

beforeAll(async () => {
  site = await createTestSite({ plugins: [garden(), more()] })
  djet = site.djet
  await djet.nodes.update('/', { acl: { everyone: ['view'], author: ['view', 'edit'] } })
  ann = site.app.scope({
    user: { id: 1, login: 'ann', name: 'Ann', roles: ['author'] },
    origin: { door: 'page' },
  })
  guest = site.app.scope({ user: null })
  visitor = await site.visitor()
  // One number a leaf, as plugins have it for their own numbers.
  await djet.query(
    "create unique index leaf_number on djet.node ((data ->> 'number')) where basetype = 'leaf'",
  )
})
afterAll(() => site.close())
beforeEach(async () => {
  here = await djet.nodes.insert('/', { basetype: bed, name: 'Here' })
  top = await djet.nodes.insert(here, { basetype: bed, part: 'top', name: 'Top' })
  low = await djet.nodes.insert(top, { basetype: leaf, part: 'low', data: { number: here.id } })
})

describe('a trashed subtree', () => {
  test('is gone for everybody, whichever way one looks', async () => {
    expect((await visitor.get(low.path)).status).toBe(200)
    expect(await ann.nodes.trash(top)).toMatchObject({
      nodeId: top.id,
      path: top.path,
      basetype: 'bed',
      name: 'Top',
      nodes: 2,
      trashedBy: 'ann',
    })
    for (const ref of [top.path, top.id, low.path, low.id, low]) expect(await djet.nodes.get(ref)).toBeNull()
    expect((await djet.nodes.children(here)).items).toEqual([])
    expect((await djet.nodes.navigate(low.path)).branch[0]?.path).toBe(here.path)
    await expect.poll(async () => (await visitor.get(low.path)).status).toBe(404)
    expect(await djet.query("select from djet.node where basetype = 'leaf' and id = $1", [low.id])).toEqual(
      [],
    )
    await expect(djet.nodes.insert(top.id, { basetype: note })).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
    })
    await expect(djet.nodes.update(low, { title: 'X' })).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
    await expect(djet.nodes.insert(here, { basetype: leaf, data: { about: low.id } })).rejects.toMatchObject({
      code: 'FIELD_INVALID',
      fields: { about: expect.stringContaining('does not exist') },
    })
  })

  test('leaves its address and its number to others', async () => {
    await djet.nodes.trash(top)
    const other = await djet.nodes.insert(here, { basetype: bed, part: 'top' })
    expect(other.path).toBe(top.path)
    await djet.nodes.insert(other, { basetype: leaf, part: 'low', data: { number: here.id } })
  })

  test('comes back whole: ids, data, versions, place', async () => {
    const after = await djet.nodes.insert(here, { basetype: bed, part: 'after' })
    await ann.nodes.update(low, { title: 'Low!' })
    const { id } = await ann.nodes.trash(top)
    expect(await ann.nodes.restoreTrash(id)).toMatchObject({
      id: top.id,
      path: top.path,
      basetype: 'bed',
      version: 1,
    })
    expect(await djet.nodes.require(low.path, leaf)).toMatchObject({ id: low.id, title: 'Low!', version: 2 })
    expect((await djet.nodes.versions(low)).items).toHaveLength(2)
    expect((await djet.nodes.children(here)).items.map((node) => node.id)).toEqual([top.id, after.id])
    await expect(ann.nodes.restoreTrash(id)).rejects.toMatchObject({ code: 'TRASH_NOT_FOUND', status: 404 })
    expect(
      await djet.query('select from djet.node where trash_id is not null and id = $1', [low.id]),
    ).toEqual([])
  })

  test('does not come back where the place is taken, but under another name or elsewhere', async () => {
    const { id } = await ann.nodes.trash(top)
    await djet.nodes.insert(here, { basetype: bed, part: 'top' })
    await expect(ann.nodes.restoreTrash(id)).rejects.toMatchObject({ code: 'NODE_EXISTS', status: 409 })
    expect((await ann.nodes.restoreTrash(id, { part: 'top-2' })).path).toBe(`${here.path}/top-2`)
    expect(await djet.nodes.redirectOf(`${here.path}/top-2/low`)).toBeNull()
    const { id: again } = await ann.nodes.trash(top)
    const there = await djet.nodes.insert('/', { basetype: bed, name: 'There' })
    const back = await ann.nodes.restoreTrash(again, { parent: there })
    expect(back.path).toBe(`${there.path}/top-2`)
    expect((await djet.nodes.require(low)).path).toBe(`${there.path}/top-2/low`)
    expect(await djet.nodes.redirectOf(`${here.path}/top-2/low`)).toBe(`${there.path}/top-2/low`)
  })

  test('does not come back where its parent is gone', async () => {
    const { id } = await ann.nodes.trash(top)
    await djet.nodes.delete(here)
    await expect(ann.nodes.restoreTrash(id)).rejects.toMatchObject({ code: 'TRASH_PARENT_GONE', status: 409 })
    expect((await ann.nodes.restoreTrash(id, { parent: '/' })).path).toMatch(/^\/top/)
    await djet.nodes.delete(top)
  })

  test('does not come back with what is no longer the only one', async () => {
    await djet.nodes.insert(top, { basetype: gate, part: 'gate' })
    const { id } = await djet.nodes.trash(top)
    const other = await djet.nodes.insert(here, { basetype: gate, part: 'gate' })
    await expect(djet.nodes.restoreTrash(id)).rejects.toMatchObject({ code: 'NODE_MAX', status: 409 })
    await djet.nodes.delete(other)
    await djet.nodes.insert(here, { basetype: leaf, data: { number: here.id } })
    await expect(djet.nodes.restoreTrash(id)).rejects.toMatchObject({
      code: 'NODE_NOT_UNIQUE',
      status: 409,
      fields: { number: `must be another one: '${here.id}' is taken` },
    })
    expect(await djet.nodes.get(top.id)).toBeNull()
    await djet.query('drop index djet.leaf_number')
    await djet.query("create unique index leaf_number on djet.node (basetype, (data ->> 'number'))")
    const again = { basetype: leaf, data: { number: here.id } }
    await expect(djet.nodes.insert(here, again)).rejects.toMatchObject({
      fields: { number: `must be another one: '${here.id}' is taken` },
    })
    await expect(djet.nodes.duplicate(here, { deep: true })).rejects.toMatchObject({
      message: 'Here cannot be copied: only one page may have the same number. Make a new page instead.',
    })
    await djet.nodes.purgeTrash(id)
  })

  test('keeps the redirects to it, which rest meanwhile', async () => {
    await djet.nodes.update(top, { part: 'peak' })
    const old = `${here.path}/top/low`
    expect((await visitor.get(old)).location).toBe(`${here.path}/peak/low`)
    const { id } = await djet.nodes.trash(top)
    expect((await visitor.get(old)).status).toBe(404)
    await djet.nodes.restoreTrash(id)
    expect((await visitor.get(old)).location).toBe(`${here.path}/peak/low`)
  })
})

describe('the trash', () => {
  test('takes neither the root nor what the site cannot do without, nor what is only deleted', async () => {
    await expect(djet.nodes.trash('/')).rejects.toMatchObject({ code: 'NODE_IS_ROOT', status: 422 })
    await djet.nodes.insert(top, { basetype: fence, part: 'fence' })
    await expect(ann.nodes.trash(top)).rejects.toMatchObject({ code: 'NODE_GUARDED', status: 409 })
    const only = await djet.nodes.insert(here, { basetype: deed, part: 'deed' })
    await expect(ann.nodes.trash(only)).rejects.toMatchObject({ code: 'NODE_NOT_TRASHABLE', status: 409 })
    await expect(guest.nodes.trash(low)).rejects.toMatchObject({ code: 'ACCESS_DENIED', status: 401 })
    expect((await djet.nodes.require(low)).path).toBe(low.path)
    expect(await trashObstacles(ann, top)).toEqual([
      `The site cannot do without ${top.path}/fence. It can be moved or renamed.`,
    ])
    expect(await trashObstacles(ann, here)).toContain(
      `${only.path} does not go to the trash: it can only be deleted for good, by itself.`,
    )
    // By itself it is deleted for good.
    expect(await trashObstacles(ann, only)).toEqual([])
  })

  test('is listed in pages by key, for those who could edit what is in it', async () => {
    const before = (await djet.nodes.listTrash({ limit: 1000 })).items.length
    const made = await djet.nodes.insertMany(
      here,
      ['x', 'y', 'z'].map((part) => ({ basetype: bed, part })),
    )
    for (const node of made) await ann.nodes.trash(node)
    await djet.nodes.update(low, { acl: { author: [] } })
    await djet.nodes.trash(low)
    const seen: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await ann.nodes.listTrash({ limit: 2, after })
      seen.push(...page.items.map(({ part }) => part))
      if (page.next === null) break
      after = page.next
    }
    expect(seen.slice(0, 3)).toEqual(['z', 'y', 'x'])
    expect((await djet.nodes.listTrash({ limit: 1000 })).items).toHaveLength(before + 4)
    expect((await guest.nodes.listTrash()).items).toEqual([])
    await expect(ann.nodes.listTrash({ after: 'x' })).rejects.toMatchObject({ code: 'CURSOR_INVALID' })
    const [hidden] = (await djet.nodes.listTrash({ limit: 1 })).items
    await expect(ann.nodes.restoreTrash(hidden!.id)).rejects.toMatchObject({ code: 'TRASH_NOT_FOUND' })
  })

  test('is emptied of what was there long enough', async () => {
    await djet.nodes.trash(top)
    await djet.query("update djet.trash set trashed = now() - interval '31 days' where node_id = $1", [
      top.id,
    ])
    const other = await djet.nodes.insert(here, { basetype: bed, part: 'other' })
    const { id } = await djet.nodes.trash(other)
    const month = new Date(Date.now() - 30 * 24 * 3_600_000)
    await expect(ann.nodes.emptyTrash(month)).rejects.toMatchObject({ code: 'ACCESS_DENIED', status: 403 })
    expect(await djet.nodes.emptyTrash(month)).toBe(2)
    expect(await djet.query('select from djet.node where id in ($1, $2)', [top.id, low.id])).toEqual([])
    expect((await djet.nodes.restoreTrash(id)).id).toBe(other.id)
  })

  test('is what the page to delete uses, with a way back', async () => {
    await djet.nodes.update('/', { acl: { everyone: ['view', 'edit'] } })
    expect((await visitor.get(`${top.path}/-/delete`)).text).toContain('moved to the trash')
    const answer = await visitor.post(`${top.path}/-/delete`, {})
    expect([answer.status, answer.location]).toEqual([303, here.path])
    const { text } = await visitor.get(here.path)
    expect(text).toContain('Top and 1 below it are in the trash.')
    const [, url = ''] = /action="([^"]*\/-\/restore\/\d+)"/.exec(text) ?? []
    const back = await visitor.post(url, {})
    expect([back.status, back.location]).toEqual([303, top.path])
    expect((await visitor.get(low.path)).status).toBe(200)
    await djet.nodes.update('/', { acl: { everyone: ['view'], author: ['view', 'edit'] } })
  })
})

describe('at the same time', () => {
  test('several inserts below a subtree that is being deleted or trashed do not block it for ever', async () => {
    for (const [how, end] of [
      ['delete', false],
      ['trash', true],
    ] as const) {
      const first = await djet.nodes.insert(top, { basetype: bed, part: `a-${how}` })
      const second = await djet.nodes.insert(top, { basetype: bed, part: `b-${how}` })
      const inserted = latch()
      const inserting = djet.transaction(async (djet) => {
        await djet.nodes.insert(second, { basetype: note, part: 'one' })
        inserted.open()
        await someoneWaits(site.djet)
        await djet.nodes.insert(first, { basetype: note, part: 'two' })
      })
      await inserted.opened
      const target = end ? top : first
      await Promise.all([inserting, djet.nodes[how](target)])
      expect(await djet.nodes.get(first.path)).toBeNull()
    }
  })
})

test('what people put into the trash, take out and delete is noted', async () => {
  const { id } = await ann.nodes.trash(top)
  await ann.nodes.restoreTrash(id)
  await ann.nodes.purgeTrash((await ann.nodes.trash(top)).id)
  const lines = await djet.query<{ action: string; node_path: string }>(
    'select action, node_path from djet.audit where node_id = $1 order by id',
    [top.id],
  )
  expect(lines.map(({ action }) => action)).toEqual([
    'node.trash',
    'node.untrash',
    'node.trash',
    'node.purge',
  ])
  expect(lines[0]?.node_path).toBe(top.path)
})
