import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Djet, Node } from '../../core/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import type { Visitor } from '../visitor.ts'
import { bed, garden, note } from './garden.ts'

let site: TestSite
let djet: Djet
let visitor: Visitor
let ann: Djet
let guest: Djet
let a: Node
let leaf: Node
let base: string
let round = 0

beforeAll(async () => {
  site = await createTestSite({ plugins: [garden()] })
  djet = site.djet
  await djet.nodes.update('/', { acl: { everyone: ['view'], author: ['view', 'edit'] } })
  ann = site.app.scope({ user: { id: 1, login: 'ann', name: 'Ann', roles: ['author'] } })
  guest = site.app.scope({ user: null })
  visitor = await site.visitor()
})
afterAll(() => site.close())
beforeEach(async () => {
  const here = await djet.nodes.insert('/', { basetype: bed, part: `r${++round}` })
  base = here.path
  a = await djet.nodes.insert(here, { basetype: bed, part: 'a' })
  leaf = await djet.nodes.insert(a, { basetype: note, part: 'leaf' })
})

async function answer(path: string): Promise<[number, string | null]> {
  const { status, location } = await visitor.get(path)
  return [status, location]
}

describe('a moved page', () => {
  test('is found at its old address, with all below it and the query, by one row', async () => {
    expect(await answer(leaf.path)).toEqual([200, null])
    await djet.nodes.update(a, { part: 'b c' })
    expect(await answer(`${base}/a`)).toEqual([301, `${base}/b%20c`])
    expect(await answer(`${base}/a/leaf?x=1&y=%C3%A6`)).toEqual([301, `${base}/b%20c/leaf?x=1&y=%C3%A6`])
    expect(await answer(`${base}/a/leaf/-/edit`)).toEqual([301, `${base}/b%20c/leaf/-/edit`])
    expect((await djet.nodes.listRedirects({ below: base })).items).toMatchObject([
      { from: `${base}/a`, to: `${base}/b c`, nodeId: a.id, subtree: true },
    ])
    expect((await visitor.post(`${base}/a`, {})).status).toBe(404)
  })

  test('is found in one step however often it moved', async () => {
    await djet.nodes.update(a, { part: 'b' })
    await djet.nodes.update(leaf, { part: 'blade' })
    await djet.nodes.update(a, { part: 'c' })
    expect(await answer(`${base}/a/leaf`)).toEqual([301, `${base}/c/blade`])
    expect(await answer(`${base}/b/leaf`)).toEqual([301, `${base}/c/blade`])
    expect(await answer(`${base}/b`)).toEqual([301, `${base}/c`])
  })

  test('that came back leaves no redirect where it is', async () => {
    await djet.nodes.update(a, { part: 'b' })
    await djet.nodes.update(a, { part: 'a' })
    expect(await answer(leaf.path)).toEqual([200, null])
    expect(await answer(`${base}/b/leaf`)).toEqual([301, `${base}/a/leaf`])
    expect((await djet.nodes.listRedirects({ below: base })).items.map(({ from }) => from)).toEqual([
      `${base}/b`,
    ])
  })

  test('gives way to a new page at its old address', async () => {
    await djet.nodes.update(a, { part: 'b' })
    expect(await answer(`${base}/a`)).toEqual([301, `${base}/b`])
    const other = await djet.nodes.insert(base, { basetype: bed, part: 'a' })
    expect(await answer(`${base}/a`)).toEqual([200, null])
    expect(await answer(`${base}/a/leaf`)).toEqual([301, `${base}/b/leaf`])
    await djet.nodes.delete(other)
    expect(await answer(`${base}/a`)).toEqual([301, `${base}/b`])
  })

  test('that was never published leaves none, and one that is deleted takes its own along', async () => {
    const draft = await djet.nodes.insert(base, { basetype: bed, part: 'new-page', status: 'draft' })
    await djet.nodes.update(draft, { part: 'about' })
    await djet.nodes.update(a, { part: 'b' })
    await djet.nodes.delete(a)
    expect((await djet.nodes.listRedirects({ below: base })).items).toEqual([])
    expect(await answer(`${base}/a`)).toEqual([404, null])
  })

  test('tells nothing of where it is to those who may not see it there', async () => {
    await djet.nodes.update(a, { part: 'secret', acl: { everyone: [], author: ['view', 'edit'] } })
    const { status, text } = await visitor.get(`${base}/a/leaf`, { accept: 'application/json' })
    expect(status).toBe(401)
    expect(text).not.toContain('secret')
    await djet.nodes.update(a, { acl: null })
    await djet.nodes.unpublish(a)
    expect(await answer(`${base}/a/leaf`)).toEqual([404, null])
  })

  test('is moved by SQL all the same', async () => {
    await djet.query("update djet.node set part = 'z' where id = $1", [a.id])
    expect(await answer(`${base}/a/leaf`)).toEqual([301, `${base}/z/leaf`])
  })
})

describe('a redirect of an editor', () => {
  test('leads to a node wherever it goes, to a path, or away', async () => {
    const old = await ann.nodes.addRedirect({ from: `${base}/old/`, to: a.path })
    expect(old).toMatchObject({ from: `${base}/old`, to: a.path, nodeId: a.id, createdBy: 'ann' })
    await djet.nodes.update(a, { part: 'b' })
    expect(await answer(`${base}/old/leaf`)).toEqual([301, `${base}/b/leaf`])
    await ann.nodes.addRedirect({ from: `${base}/form`, to: `${base}/b?form=1`, subtree: false })
    expect(await answer(`${base}/form`)).toEqual([301, `${base}/b?form=1`])
    expect(await answer(`${base}/form/x`)).toEqual([404, null])
    const away = await ann.nodes.addRedirect({ from: `${base}/away`, to: 'https://example.com/there' })
    expect(
      (await fetch(`${visitor.base}${base}/away/x?y=1`, { redirect: 'manual' })).headers.get('location'),
    ).toBe('https://example.com/there/x?y=1')
    await ann.nodes.removeRedirect(away.id)
    expect(await answer(`${base}/away`)).toEqual([404, null])
    await expect(ann.nodes.removeRedirect(away.id)).rejects.toMatchObject({
      code: 'REDIRECT_NOT_FOUND',
      status: 404,
    })
  })

  test('never leads back to itself', async () => {
    const loop = { code: 'REDIRECT_LOOP', status: 409 }
    await expect(ann.nodes.addRedirect({ from: `${base}/x`, to: `${base}/x` })).rejects.toMatchObject(loop)
    await expect(ann.nodes.addRedirect({ from: `${base}/x`, to: `${base}/x/y` })).rejects.toMatchObject(loop)
    await ann.nodes.addRedirect({ from: `${base}/x`, to: `${base}/y` })
    await ann.nodes.addRedirect({ from: `${base}/y`, to: `${base}/z` })
    await expect(ann.nodes.addRedirect({ from: `${base}/z`, to: `${base}/x` })).rejects.toMatchObject(loop)
    expect((await djet.nodes.listRedirects({ below: base })).items).toHaveLength(2)
    expect(await djet.nodes.redirectOf(`${base}/x`)).toBe(`${base}/z`)
  })

  test('is refused from a page, twice, from and to what is no address, and to those who may not', async () => {
    const add = (from: string, to: string | number = '/') => ann.nodes.addRedirect({ from, to })
    await expect(add(a.path)).rejects.toMatchObject({ code: 'REDIRECT_TAKEN', status: 409 })
    await add(`${base}/once`)
    await expect(add(`${base}/once`)).rejects.toMatchObject({ code: 'REDIRECT_EXISTS', status: 409 })
    for (const from of [
      'old',
      '/',
      '//x',
      '/-/x',
      '/a?b',
      '/a\\b',
      '/a\u0000b',
      `/${'x'.repeat(2001)}`,
      'http://x/',
    ]) {
      await expect(add(from)).rejects.toMatchObject({
        code: 'REDIRECT_INVALID',
        fields: { from: expect.any(String) },
      })
    }
    for (const to of [
      'javascript:alert(1)',
      '//evil.example',
      'new',
      '/a b\n',
      'https://',
      '/\\evil.example',
    ]) {
      await expect(add(`${base}/two`, to)).rejects.toMatchObject({ code: 'REDIRECT_INVALID', status: 422 })
    }
    await expect(add(`${base}/two`, 2_000_000_000)).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
    for (const work of [
      () => guest.nodes.addRedirect({ from: `${base}/no`, to: '/' }),
      () => guest.nodes.listRedirects(),
      () => guest.nodes.listRedirects({ to: a }),
    ]) {
      await expect(work()).rejects.toMatchObject({ code: 'ACCESS_DENIED', status: 401 })
    }
  })

  test('stands in a list in pages by key', async () => {
    for (const part of ['p3', 'p1', 'p2']) await ann.nodes.addRedirect({ from: `${base}/${part}`, to: a })
    const first = await ann.nodes.listRedirects({ below: base, limit: 2 })
    const second = await ann.nodes.listRedirects({ below: base, limit: 2, after: first.next ?? undefined })
    expect([...first.items, ...second.items].map(({ from }) => from)).toEqual([
      `${base}/p1`,
      `${base}/p2`,
      `${base}/p3`,
    ])
    expect(second.next).toBeNull()
    expect((await ann.nodes.listRedirects({ to: a })).items).toHaveLength(3)
  })
})
