import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { defineBasetype, defineEngine, definePlugin, field, upload } from '../../core/index.ts'
import { addUser, users } from '../../plugins/users/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import type { Visitor } from '../visitor.ts'

const box = defineBasetype({
  name: 'box',
  title: 'Box',
  engine: 'boxes.box',
  fields: { label: field.str() },
})
const closed = defineBasetype({ name: 'closed', title: 'Closed', acl: { everyone: [], user: [] } })

const boxEngine = defineEngine((router) => {
  router.post('/files', upload(), async (ctx) => {
    ctx.body = Object.fromEntries(Object.entries(ctx.files).map(([name, files]) => [name, files[0]?.type]))
  })
})

const boxes = definePlugin(() => ({
  name: 'boxes',
  basetypes: [box, closed],
  engines: { 'boxes.box': boxEngine },
  async seed(djet) {
    await djet.nodes.insert('/', { basetype: box, name: 'Box' })
    await djet.nodes.insert('/', { basetype: closed, name: 'Secret name' })
    await djet.nodes.insert('/secret-name', { basetype: box, name: 'Inside', acl: { everyone: ['view'] } })
  },
}))

describe('odd input', () => {
  let site: TestSite
  let admin: Visitor
  let guest: Visitor

  beforeAll(async () => {
    vi.stubEnv('DJET_ADMIN_PASSWORD', 'odd-input-password')
    site = await createTestSite({ plugins: [users(), boxes()] })
    admin = await (await site.visitor()).login('admin', 'odd-input-password')
    guest = await site.visitor()
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await site.close()
  })

  test('in a login is refused like any wrong login', async () => {
    expect((await guest.post('/login', { login: 'a\0b', password: 'x' })).status).toBe(401)
  })

  test.each([
    ['a NUL', 'a\0b'],
    ['half a surrogate pair', '\ud800'],
    ['too many characters', 'x'.repeat(256)],
  ])('in a name is refused: %s', async (_, name) => {
    const refused = { code: 'NODE_TEXT_INVALID', status: 422 }
    await expect(site.djet.nodes.insert('/', { basetype: box, part: 'odd', name })).rejects.toMatchObject(
      refused,
    )
    await expect(site.djet.nodes.update('/box', { title: name })).rejects.toMatchObject(refused)
  })

  test('as JSON where text belongs comes back as an error', async () => {
    const body = JSON.stringify({ name: { toString: null, valueOf: null }, label: 'x'.repeat(300) })
    const headers = { 'content-type': 'application/json', 'x-csrf-token': await admin.token() }
    const page = await admin.request('POST', '/box/-/edit', body, headers)
    expect(page.status).toBe(422)
    const json = await admin.request('POST', '/box/-/edit', body, { ...headers, accept: 'application/json' })
    expect(json.json()).toMatchObject({
      error: { code: 'FORM_INVALID', fields: { name: 'must be filled in' } },
    })
  })

  test('files of fields named like parts of an object are taken', async () => {
    const form = new FormData()
    for (const name of ['constructor', 'toString'])
      form.set(name, new File(['x'], 'x.txt', { type: 'text/plain' }))
    expect((await admin.post('/box/files', form)).json()).toEqual({
      constructor: 'text/plain',
      toString: 'text/plain',
    })
  })

  test('a media type that is none becomes plain bytes', async () => {
    const { djet } = site
    expect((await djet.files.write({ name: 'x', type: 'text/\u0001x', content: 'x' })).type).toBe(
      'application/octet-stream',
    )
  })

  test('forms with more fields than are read are refused', async () => {
    const fields = Object.fromEntries(Array.from({ length: 1200 }, (_, i) => [`f${i}`, '1']))
    expect((await admin.post('/box/-/edit', { name: 'Box', ...fields })).status).toBe(413)
  })

  test('a page that may not be seen does not tell its name', async () => {
    expect((await guest.get('/secret-name/inside')).text).not.toContain('Secret name')
    await addUser(site.djet, { login: 'joe', password: 'j-quiet-river' })
    const joe = await (await site.visitor()).login('joe', 'j-quiet-river')
    const answer = await joe.get('/secret-name')
    expect(answer.status).toBe(403)
    expect(answer.text).not.toContain('Secret name')
  })

  test('what the site cannot do without is not deleted by a click', async () => {
    const answer = await admin.post('/login/-/delete', {})
    expect(answer.status).toBe(409)
    expect(answer.text).toContain('The site cannot do without /login.')
    expect((await admin.get('/login')).status).toBe(200)
  })
})
