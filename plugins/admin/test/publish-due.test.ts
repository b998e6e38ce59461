import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { page } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import { send, waitFor } from '../../jobmachine/index.ts'
import { changeTypeJob, createType, typeVersions } from '../index.ts'

let site: TestSite
beforeAll(async () => {
  site = await createTestSite({ dir: fileURLToPath(new URL('./site/', import.meta.url)) })
  await site.visitor()
}, 60_000)
afterAll(() => site?.close())

const make = (name: string) =>
  site.djet.nodes.insert('/', { basetype: page, name, status: 'draft', data: { body: `<p>${name}</p>` } })
const status = async (id: number) => (await site.djet.nodes.require(id)).status

/** Waits until something is so; the time it took from a moment on, in milliseconds. */
async function until(is: () => Promise<boolean>, since: Date, most = 15_000): Promise<number> {
  const end = Date.now() + most
  while (!(await is())) {
    if (Date.now() > end) throw new Error('it did not happen')
    await sleep(50)
  }
  return Date.now() - since.getTime()
}

test('a page is published and unpublished at its times, within 2 s, once, by a worker', {
  timeout: 60_000,
}, async () => {
  // The first task of a new worker waits for its thread to open the site.
  const warm = await make('Warm')
  await site.djet.nodes.schedule(warm, { publishAt: new Date(Date.now() - 1000) })
  await until(async () => (await status(warm.id)) === 'published', new Date(), 30_000)

  const { id } = await make('News')
  const at = new Date(Date.now() + 1500)
  const end = new Date(Date.now() + 4500)
  await site.djet.nodes.schedule(id, { publishAt: at, unpublishAt: end })
  expect(await status(id)).toBe('draft')
  expect(await until(async () => (await status(id)) === 'published', at)).toBeLessThan(2000)
  expect(Date.now()).toBeGreaterThanOrEqual(at.getTime())
  expect(await until(async () => (await status(id)) === 'unpublished', end)).toBeLessThan(2000)

  const audit = await site.djet.query<{ action: string; door: string }>(
    `select action, door from djet.audit where node_id = $1 and action in ('node.publish', 'node.unpublish') order by id`,
    [id],
  )
  expect(audit).toEqual([
    { action: 'node.publish', door: 'job' },
    { action: 'node.unpublish', door: 'job' },
  ])
})

test('many at the same time, set together with others, are all published once', {
  timeout: 60_000,
}, async () => {
  const at = new Date(Date.now() + 1500)
  const ids: number[] = []
  for (let n = 0; n < 130; n++) ids.push((await make(`Many ${n}`)).id)
  await site.djet.query('update djet.node set publish_at = $1 where id = any($2)', [at, ids])
  // An earlier and a later time, so that the task of the first plans the next.
  const [early, late] = [await make('Early'), await make('Late')]
  await site.djet.nodes.schedule(late, { publishAt: new Date(at.getTime() + 1000) })
  await site.djet.nodes.schedule(early, { publishAt: new Date(Date.now() + 300) })
  const count = async () =>
    (await site.djet.query(`select from djet.node where id = any($1) and status = 'published'`, [ids])).length
  await until(async () => (await count()) === ids.length, at)
  await until(async () => (await status(late.id)) === 'published', at)
  expect(await status(early.id)).toBe('published')
  const [audit] = await site.djet.query<{ n: number }>(
    `select count(*) as n from djet.audit where node_id = any($1) and action = 'node.publish'`,
    [ids],
  )
  expect(audit?.n).toBe(ids.length)
})

test('a worker thread changes a type, and knows of types changed elsewhere', {
  timeout: 60_000,
}, async () => {
  const { djet } = site
  const definition = { title: 'Recipe', fields: [{ name: 'servings', type: 'str' }] }
  await createType(djet, { name: 'recipe', definition })
  const soup = await djet.nodes.insert('/', { basetype: 'recipe', name: 'Soup', data: { servings: '4' } })
  const change = async (fields: object[], renames: Record<string, string>, ifVersion: number) => {
    const asked = { name: 'recipe', definition: { ...definition, fields }, renames, ifVersion }
    const task = await send(djet, changeTypeJob, { ...asked, note: '', by: 'ann' })
    const outcome = await waitFor(djet, task.id, { timeout: '40s' })
    expect(outcome).toMatchObject({ status: 'finished' })
  }
  await change([{ name: 'people', type: 'int' }], { people: 'servings' }, 1)
  await expect.poll(() => djet.app.basetypes.get('recipe')?.onSite?.version).toBe(2)
  expect((await djet.nodes.require(soup)).data).toEqual({ people: 4 })
  expect(await typeVersions(djet, 'recipe')).toMatchObject([{ version: 2, savedBy: 'ann' }, { version: 1 }])
  // Its parent is a type that the thread has only heard of.
  await createType(djet, { name: 'cookbook', definition: { title: 'Cookbook' } })
  const task = await send(djet, changeTypeJob, {
    name: 'recipe',
    definition: { ...definition, fields: [], parents: ['cookbook'] },
    renames: {},
    ifVersion: 2,
    note: '',
    by: null,
  })
  expect(await waitFor(djet, task.id, { timeout: '40s' })).toMatchObject({ status: 'finished' })
})
