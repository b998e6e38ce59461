import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit } from '../../core/index.ts'
import { rawRequest } from '../http/raw.ts'
import { type ApiSite, openApiSite } from './api-site.ts'
import type { Program } from './program.ts'

type NodeJson = { id: number; path: string; version: number; status: string; data: Record<string, unknown> }
type List = { items: NodeJson[]; next: string | null }

let it: ApiSite
let boss: Program
let publisher: Program
let editor: Program
let guest: Program
let open: NodeJson

beforeAll(async () => {
  it = await openApiSite()
  boss = await it.program('admin')
  publisher = await it.program('publisher')
  editor = await it.program('editor')
  guest = await it.program(null)
  open = (await boss.ask<NodeJson>('GET', '/nodes?path=/open')).body
}, 60_000)
afterAll(() => it?.close())

let n = 0
async function make(more: Record<string, unknown> = {}) {
  n++
  const body = {
    basetype: 'recipe',
    name: `Soup ${n}`,
    data: { text: 'Boil.', author: 'ann@example.com' },
    ...more,
  }
  const answer = await publisher.ask<NodeJson>('POST', `/nodes/${open.id}/children`, body)
  expect(answer.body).toMatchObject({ path: expect.anything() })
  expect(answer.status).toBe(201)
  return { ...answer.body, etag: answer.headers.get('etag')!, location: answer.headers.get('location') }
}
const asBoss = async () => ({ authorization: `Bearer ${await it.token('admin')}` })
const any = { 'if-match': '*' }

test('the document is valid OpenAPI 3.1, and for who is known', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(it.contract.document))
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
  const ids = Object.values(it.contract.document.paths).flatMap((path) =>
    Object.values(path).map((o) => o.operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
  const url = `${it.base}/-/openapi.json`
  expect((await fetch(url)).status).toBe(401)
  const headers = { authorization: `Bearer ${await it.token('reader', [])}` }
  const answer = await fetch(url, { headers })
  expect(await answer.json()).toEqual(it.contract.document)
  const lines = `Authorization: ${headers.authorization}\r\nIf-None-Match: ${answer.headers.get('etag')}`
  expect((await rawRequest(it.base, '/-/openapi.json', 'GET', lines)).status).toBe(304)
})

test('examples of new nodes make nodes', async () => {
  const create = it.contract.document.paths['/nodes/{node}/children']!.post as unknown as {
    requestBody: { content: { 'application/json': { examples: Record<string, { value: unknown }> } } }
  }
  const { examples } = create.requestBody.content['application/json']
  expect(Object.keys(examples)).toContain('recipe')
  for (const name of ['page', 'recipe']) {
    const { status } = await boss.ask('POST', `/nodes/${open.id}/children`, examples[name]!.value)
    expect(status, name).toBe(201)
  }
})

describe('nodes', () => {
  test('are made, read, changed, and deleted', async () => {
    const node = await make({ data: { text: 'Boil.', price: 12, steps: ['a'], course: null } })
    expect(node).toMatchObject({ status: 'published', version: 1, data: { price: '12.00', course: 'main' } })
    expect(node.location).toBe(`/-/api/nodes/${node.id}`)
    const read = await publisher.ask<NodeJson>('GET', `/nodes/${node.id}`)
    expect(read.headers.get('etag')).toBe(node.etag)
    const match = { 'if-match': node.etag }
    const changed = await publisher.ask<NodeJson>(
      'PATCH',
      `/nodes/${node.id}`,
      { data: { price: null, minutes: 5 } },
      match,
    )
    expect(changed.body).toMatchObject({ version: 2, data: { text: 'Boil.', minutes: 5 } })
    expect(changed.body.data).not.toHaveProperty('price')
    const late = await publisher.ask('PATCH', `/nodes/${node.id}`, { name: 'Late' }, match)
    expect(late.status).toBe(412)
    expect(late.body).toMatchObject({ code: 'NODE_CHANGED', details: { current: { version: '2' } } })
    expect((await publisher.ask('PATCH', `/nodes/${node.id}`, { name: 'x' })).status).toBe(428)
    expect((await publisher.ask('DELETE', `/nodes/${node.id}`, undefined, match)).status).toBe(412)
    const item = await publisher.ask<{ id: number }>('DELETE', `/nodes/${node.id}`, undefined, any)
    expect(item.body).toMatchObject({ nodeId: node.id, path: node.path })
    expect((await publisher.ask('GET', `/nodes/${node.id}`)).status).toBe(404)
    const back = await publisher.ask<NodeJson>('POST', `/trash/${item.body.id}/restore`, {})
    expect(back.body.path).toBe(node.path)
  })

  test('are read by guests as the rules say', async () => {
    const node = await make()
    await it.site.djet.nodes.update(node.id, { data: { origin: { secret: 1 } } })
    const seen = await guest.ask<NodeJson>('GET', `/nodes?path=${node.path}`)
    expect(Object.keys(seen.body).sort()).toEqual([
      'basetype',
      'data',
      'id',
      'name',
      'parentId',
      'part',
      'path',
      'title',
    ])
    expect(seen.body.data).not.toHaveProperty('origin')
    expect((await guest.ask('GET', '/nodes?path=/closed')).status).toBe(404)
    expect((await guest.ask('GET', '/nodes?path=/nowhere')).status).toBe(404)
    const root = (await boss.ask<NodeJson>('GET', '/nodes?path=/')).body.id
    const { items } = (await guest.ask<List>('GET', `/nodes/${root}/children?limit=100`)).body
    expect(items.map(({ path }) => path)).toContain('/open')
    expect(items.map(({ path }) => path)).not.toContain('/closed')
  })

  test('are listed page by page', async () => {
    const parent = await make({ basetype: 'page', data: {} })
    for (let i = 0; i < 5; i++) {
      await it.site.djet.nodes.insert(parent.id, { basetype: 'page', name: `Page ${i}` })
    }
    const names: string[] = []
    let next: string | null = `/-/api/nodes/${parent.id}/children?limit=2&basetype=page`
    while (next) {
      const { body, headers }: { body: List; headers: Headers } = await guest.ask<List>(
        'GET',
        next.slice('/-/api'.length),
      )
      names.push(...body.items.map(({ path }) => path.split('/').at(-1)!))
      next = body.next
      expect(headers.get('link')).toBe(next === null ? null : `<${next}>; rel="next"`)
    }
    expect(names).toEqual(['page-0', 'page-1', 'page-2', 'page-3', 'page-4'])
  })

  test('are moved, after a look at what it does, and copied', async () => {
    const [shelf, node] = [await make({ basetype: 'page', data: {} }), await make()]
    const place = { parent: shelf.path, part: 'tea' }
    const report = await publisher.ask('POST', `/nodes/${node.id}/move`, { ...place, dryRun: true })
    expect(report.body).toMatchObject({ to: `${shelf.path}/tea`, nodes: 1, redirects: 1, problem: null })
    expect((await publisher.ask('POST', `/nodes/${node.id}/move`, place, { 'if-match': '"9"' })).status).toBe(
      412,
    )
    const moved = await publisher.ask<NodeJson>('POST', `/nodes/${node.id}/move`, place)
    expect(moved.body.path).toBe(`${shelf.path}/tea`)
    expect((await publisher.ask('POST', `/nodes/${shelf.id}/move`, { parent: node.id })).status).toBe(409)
    const copy = await publisher.ask<NodeJson>('POST', `/nodes/${shelf.id}/duplicate`, { deep: true })
    expect(copy.body).toMatchObject({ status: 'draft', path: `${shelf.path}-copy` })
  })

  test('say of each wrong value what is wrong', async () => {
    const post = (body: unknown, headers = {}) =>
      publisher.ask('POST', `/nodes/${open.id}/children`, body, headers)
    const wrong = await post({ basetype: 'recipe', data: { minutes: 'x', origin: 1, colour: 'red' } })
    expect(wrong.status).toBe(422)
    expect(wrong.headers.get('content-type')).toContain('application/problem+json')
    expect(wrong.body).toMatchObject({
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      code: 'FIELD_INVALID',
    })
    const pointers = (wrong.body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()
    expect(pointers).toEqual(['#/data/colour', '#/data/minutes', '#/data/origin', '#/data/text'])
    const unknown = await post({ basetype: 'recipe', colour: 'red', name: 7 })
    expect(unknown.body.errors).toMatchObject([
      { pointer: '#/name' },
      { pointer: '#/colour', detail: 'is not known here' },
    ])
    expect((await post({ basetype: 'nonsense' })).status).toBe(422)
    expect((await post('{"basetype":')).body).toMatchObject({ status: 400, code: 'BODY_INVALID' })
    expect((await post('[1]')).status).toBe(422)
    expect(
      (await post('basetype=page', { 'content-type': 'application/x-www-form-urlencoded' })).status,
    ).toBe(415)
    expect((await post({ basetype: 'page', data: { body: 'x'.repeat(1_100_000) } })).status).toBe(413)
    expect((await post({ basetype: 'page', part: 'a/b' })).body).toMatchObject({ code: 'NODE_PART_INVALID' })
    const { path } = await make()
    const part = path.split('/').at(-1)
    expect((await post({ basetype: 'page', part })).body).toMatchObject({ status: 409, code: 'NODE_EXISTS' })
    expect((await publisher.ask('GET', `/nodes/${open.id}/children?limit=0`)).status).toBe(400)
    expect((await publisher.ask('GET', `/nodes/${open.id}/children?lmit=5`)).status).toBe(400)
    expect((await publisher.ask('GET', '/nodes/99999999999')).status).toBe(404)
    const node = await make()
    const set = { data: { author: 'bob@example.com' } }
    expect((await publisher.ask('PATCH', `/nodes/${node.id}`, set, any)).body.errors).toMatchObject([
      { field: 'author' },
    ])
    const same = { data: { author: 'ann@example.com', text: 'Stir.' } }
    expect((await publisher.ask('PATCH', `/nodes/${node.id}`, same, any)).status).toBe(200)
  })

  test('users are made and copied by their own form only', async () => {
    const users = (await boss.ask<NodeJson>('GET', '/nodes?path=/users')).body
    const user = (await boss.ask<NodeJson>('GET', '/nodes?path=/users/reader')).body
    const body = { basetype: 'user', name: 'Eve', data: { login: 'eve' } }
    const made = await boss.ask('POST', `/nodes/${users.id}/children`, body)
    expect(made.body).toMatchObject({ status: 403, code: 'BASETYPE_OWN_FORM' })
    expect((await boss.ask('POST', `/nodes/${user.id}/duplicate`, {})).status).toBe(403)
    const writer = await it.program('admin', ['write'])
    const email = { data: { email: 'eve@example.com' } }
    const refused = await writer.ask('PATCH', `/nodes/${user.id}`, email, any)
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="')
    expect(refused.status).toBe(403)
  })
})

test('files are uploaded for a field; the id of another one opens nothing', async () => {
  const upload = async (name: string) => {
    const form = new FormData()
    form.set('file', new Blob(['a,b']), name)
    return publisher.ask<{ id: string }>('POST', `/nodes/${open.id}/files`, form)
  }
  const { status, body } = await upload('a.csv')
  expect([status, body]).toEqual([201, expect.objectContaining({ type: 'text/csv', size: 3 })])
  const node = await make({ data: { text: 'Boil.', sheet: body.id } })
  expect(node.data.sheet).toBe(body.id)
  const again = { basetype: 'recipe', name: 'Thief', data: { text: 'Boil.', sheet: body.id } }
  const refused = await publisher.ask('POST', `/nodes/${open.id}/children`, again)
  expect(refused.body.errors).toMatchObject([{ pointer: '#/data/sheet' }])
  const same = await publisher.ask(
    'PATCH',
    `/nodes/${node.id}`,
    { data: { sheet: body.id, minutes: 3 } },
    any,
  )
  expect(same.status).toBe(200)
  const stolen = {
    name: 'Thief',
    text: 'Boil.',
    sheet: { id: body.id, name: 'a.csv', size: 1, type: 'text/csv' },
  }
  for (const sheet of [body.id, stolen.sheet]) {
    const visitor = await it.visit('publisher')
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'x-csrf-token': await visitor.token(),
    }
    const form = JSON.stringify({ ...stolen, sheet })
    const byForm = await visitor.request('POST', '/open/-/new/recipe', form, headers)
    expect([byForm.status, byForm.json()]).toMatchObject([
      422,
      { error: { fields: { sheet: expect.any(String) } } },
    ])
    const byApi = { basetype: 'recipe', name: 'Thief', data: { text: 'Boil.', sheet } }
    expect((await publisher.ask('POST', `/nodes/${open.id}/children`, byApi)).status).toBe(422)
  }
  const other = (await upload('a.txt')).body.id
  expect((await publisher.ask('PATCH', `/nodes/${node.id}`, { data: { sheet: other } }, any)).status).toBe(
    422,
  )
  expect((await publisher.ask('POST', `/nodes/${open.id}/files`, {})).status).toBe(415)
})

describe('drafts, versions, publishing', () => {
  test('a draft is saved, published; versions are compared and restored', async () => {
    const node = await make()
    const path = `/nodes/${node.id}`
    expect((await editor.ask('PATCH', path, { data: { text: 'New.' } }, any)).status).toBe(403)
    expect((await editor.ask('GET', `${path}/draft`)).status).toBe(204)
    const draft = await editor.ask(
      'PUT',
      `${path}/draft`,
      { data: { text: 'New.' } },
      { 'if-match': node.etag },
    )
    expect(draft.body).toMatchObject({ id: '1.1', open: true, data: { text: 'New.' } })
    expect(draft.body).not.toHaveProperty('acl')
    expect(draft.headers.get('etag')).toMatch(/^"1\.1-/)
    const late = await publisher.ask('PUT', `${path}/draft`, { name: 'x' }, { 'if-match': node.etag })
    expect(late.status).toBe(412)
    expect((await publisher.ask('GET', `${path}/publishing`)).body).toMatchObject({
      status: 'published',
      draft: { id: '1.1' },
    })
    expect((await editor.ask('POST', `${path}/publish`, {})).status).toBe(403)
    const match = { 'if-match': draft.headers.get('etag')! }
    const published = await publisher.ask<NodeJson>('POST', `${path}/publish`, undefined, match)
    expect(published.body).toMatchObject({ version: 2, data: { text: 'New.' } })
    const versions = await editor.ask<{ items: { id: string }[]; next: string }>(
      'GET',
      `${path}/versions?limit=2`,
    )
    expect(versions.body.items.map(({ id }) => id)).toEqual(['2', '1.1'])
    const older = await editor.ask<{ items: { id: string }[] }>(
      'GET',
      versions.body.next.slice('/-/api'.length),
    )
    expect(older.body.items.map(({ id }) => id)).toEqual(['1'])
    expect((await editor.ask('GET', `${path}/versions/1`)).body).toMatchObject({ data: { text: 'Boil.' } })
    expect((await editor.ask('GET', `${path}/versions/nine`)).status).toBe(400)
    const diff = await editor.ask<{ differences: { field: string }[] }>('GET', `${path}/diff?from=1`)
    expect(diff.body.differences.map(({ field }) => field)).toEqual(['data.text'])
    expect((await editor.ask('POST', `${path}/versions/1/restore`, undefined, any)).status).toBe(403)
    const restored = await publisher.ask<NodeJson>('POST', `${path}/versions/1/restore`, undefined, any)
    expect(restored.body).toMatchObject({ version: 3, data: { text: 'Boil.' } })
    expect((await editor.ask('DELETE', `${path}/draft`)).status).toBe(204)
  })

  test('a node is hidden, shown, and at times by itself', async () => {
    const node = await make()
    const path = `/nodes/${node.id}`
    expect((await publisher.ask('POST', `${path}/unpublish`, { note: 'old' })).body.status).toBe(
      'unpublished',
    )
    expect((await guest.ask('GET', path)).status).toBe(404)
    const times = { publishAt: '2031-05-01T10:00:00+02:00', unpublishAt: null }
    const set = await publisher.ask('PUT', `${path}/schedule`, times)
    expect(set.body).toMatchObject({ publishAt: '2031-05-01T08:00:00.000Z', hidden: true })
    expect((await publisher.ask('PUT', `${path}/schedule`, { publishAt: 'soon' })).status).toBe(422)
    expect((await publisher.ask('POST', `${path}/publish`, {})).body.status).toBe('published')
  })
})

test('redirects are listed, made, changed and removed', async () => {
  const { path } = await make()
  const from = `/open/old-${n}`
  const made = await publisher.ask<{ id: number }>('POST', '/redirects', { from, to: path })
  expect(made.status).toBe(201)
  expect((await publisher.ask('POST', '/redirects', { from, to: path })).status).toBe(409)
  const listed = await publisher.ask<{ items: unknown[] }>('GET', '/redirects?below=/open&limit=100')
  expect(listed.body.items).toContainEqual(made.body)
  expect((await publisher.ask('GET', '/redirects')).status).toBe(403)
  const changed = await publisher.ask<{ id: number }>('PATCH', `/redirects/${made.body.id}`, { to: '/open' })
  expect(changed.body).toMatchObject({ from, to: '/open' })
  expect((await publisher.ask('DELETE', `/redirects/${changed.body.id}`)).status).toBe(204)
  expect((await publisher.ask('DELETE', `/redirects/${changed.body.id}`)).status).toBe(404)
})

test('access is explained and set by who may administer', async () => {
  const node = await make()
  const path = `/nodes/${node.id}/access`
  const why = await boss.ask<{ explanations: { allowed: boolean }[] }>('GET', `${path}?login=editor`)
  expect(why.body.explanations.map(({ allowed }) => allowed)).toEqual([true, true, false, false])
  expect((await boss.ask('GET', `${path}?login=nobody`)).status).toBe(404)
  const acl = { editor: ['view'], everyone: [] }
  expect((await publisher.ask('PUT', path, { acl }, any)).status).toBe(403)
  expect((await boss.ask('PUT', path, { acl: { admin: [] } }, any)).status).toBe(422)
  expect((await boss.ask('PUT', path, { acl }, any)).body).toMatchObject({ acl, version: 2 })
  expect((await editor.ask('PUT', `/nodes/${node.id}/draft`, { name: 'x' }, any)).status).toBe(403)
  expect((await editor.ask('GET', '/me')).body).toMatchObject({
    user: { login: 'editor' },
    token: { name: 'of editor' },
  })
})

test('rules come with a new node only from who may administer there', async () => {
  const body = { basetype: 'page', name: 'Mine', acl: { publisher: ['*'] } }
  expect((await publisher.ask('POST', `/nodes/${open.id}/children`, body)).status).toBe(403)
  expect((await boss.ask('POST', `/nodes/${open.id}/children`, body)).body).toMatchObject({ acl: body.acl })
  const account = { id: 1, login: 'publisher', name: 'P', roles: ['publisher'] }
  const { nodes } = it.site.app.scope({ user: account })
  await expect(nodes.update('/open', { acl: null })).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  await expect(nodes.update('/open', { acl: open.data as never })).rejects.toMatchObject({
    code: 'ACCESS_DENIED',
  })
})

test('a POST that is sent again with its key is done once', async () => {
  const body = { basetype: 'page', name: 'Once' }
  const post = (more: unknown = body) =>
    publisher.ask<NodeJson>('POST', `/nodes/${open.id}/children`, more, { 'idempotency-key': 'k-1' })
  const [first, second] = await Promise.all([post(), post()])
  expect([first.status, second.status]).toEqual([201, 201])
  expect(second.body).toEqual(first.body)
  expect(second.headers.get('location')).toBe(first.headers.get('location'))
  const replayed = [first, second].filter(({ headers }) => headers.get('idempotency-replayed'))
  expect(replayed).toHaveLength(1)
  expect((await post({ ...body, name: 'Twice' })).body).toMatchObject({ status: 422, code: 'KEY_USED' })
  const refused = { basetype: 'page', part: 'once' }
  const headers = { 'idempotency-key': 'k-2' }
  expect((await publisher.ask('POST', `/nodes/${open.id}/children`, refused, headers)).status).toBe(409)
  expect((await publisher.ask('POST', `/nodes/${open.id}/children`, body, headers)).status).toBe(201)
})

test('what plugins add: search, audit, jobs', async () => {
  const { id } = await make({ name: 'Minestrone' })
  const found = await editor.ask<List>('GET', '/search?q=minestr')
  expect(found.body.items.map((node) => node.id)).toEqual([id])
  expect((await guest.ask('GET', '/search?q=minestr')).status).toBe(401)
  const audit = await boss.ask<{ items: { action: string }[]; next: string }>(
    'GET',
    `/audit?node=${id}&limit=1`,
  )
  expect(audit.body.items).toMatchObject([{ action: 'node.insert', door: 'api' }])
  expect((await editor.ask('GET', '/audit')).status).toBe(403)
  const jobs = await boss.ask<{ items: { class: string }[] }>('GET', '/jobs')
  expect(jobs.body.items.map((job) => job.class)).toContain('jobmachine.echo')
  const sent = await boss.ask<{ id: number }>('POST', '/jobs/jobmachine.echo', {
    params: { a: 1 },
    title: 'Echo',
  })
  expect([sent.status, sent.headers.get('location')]).toEqual([202, `/-/api/tasks/${sent.body.id}`])
  expect((await boss.ask('GET', `/tasks/${sent.body.id}`)).body).toMatchObject({
    status: 'waiting',
    title: 'Echo',
  })
  expect((await boss.ask('POST', `/tasks/${sent.body.id}/retry`)).status).toBe(409)
  expect((await boss.ask('POST', `/tasks/${sent.body.id}/cancel`)).body).toMatchObject({ cancelled: true })
  expect((await boss.ask('POST', '/jobs/no.such', {})).status).toBe(404)
})

test('types are made, looked at before a change, changed and deleted', async () => {
  const definition = { title: 'Tea', fields: [{ name: 'leaf', type: 'str' }] }
  const made = await boss.ask<{ version: number }>('POST', '/types', { name: 'tea', definition })
  expect([made.status, made.headers.get('location')]).toEqual([201, '/-/api/types/tea'])
  const node = await boss.ask('POST', `/nodes/${open.id}/children`, {
    basetype: 'tea',
    data: { leaf: 'green' },
  })
  expect(node.status).toBe(201)
  expect(await (await fetch(`${it.base}/-/openapi.json`, { headers: await asBoss() })).text()).toContain(
    '"tea.Node"',
  )
  const change = {
    definition: { title: 'Tea', fields: [{ name: 'kind', type: 'str' }] },
    renames: { kind: 'leaf' },
  }
  expect((await boss.ask('PUT', '/types/tea', { ...change, dryRun: true }, any)).body).toMatchObject({
    nodes: 1,
  })
  const match = { 'if-match': made.headers.get('etag')! }
  expect((await boss.ask('PUT', '/types/tea', change, match)).body).toMatchObject({ version: 2 })
  expect((await boss.ask('PUT', '/types/tea', change, match)).status).toBe(412)
  const id = node.body.id
  const renamed = await fetch(`${it.base}/-/api/nodes/${id}`, { headers: await asBoss() })
  expect(await renamed.json()).toMatchObject({ data: { kind: 'green' } })
  expect((await boss.ask('DELETE', '/types/tea', undefined, any)).status).toBe(409)
  await it.site.djet.nodes.delete(Number(id))
  expect((await boss.ask('DELETE', '/types/tea', undefined, any)).status).toBe(204)
  expect((await boss.ask('POST', '/types', { name: 'X Y', definition })).status).toBe(422)
})

test('what is done is noted with door and token', async () => {
  const node = await make()
  const { items } = await listAudit(it.site.djet, { nodeId: node.id, action: 'node.insert' })
  expect(items).toMatchObject([{ login: 'publisher', door: 'api', via: 'token of publisher' }])
})

describe('the doors of HTTP', () => {
  const raw = (path: string, init: RequestInit = {}) => fetch(it.base + path, { redirect: 'manual', ...init })

  test('a wrong token is nobody, everywhere', async () => {
    for (const path of ['/open', '/-/api/me', '/-/openapi.json']) {
      await raw(path)
      const answer = await raw(path, { headers: { authorization: `Bearer djet_${'x'.repeat(43)}` } })
      expect(answer.status, path).toBe(401)
      expect(answer.headers.get('www-authenticate'), path).toBe('Bearer realm="djet", error="invalid_token"')
    }
    expect((await raw('/open', { headers: { authorization: 'Basic eDp5' } })).status).toBe(200)
    expect((await raw('/-/api/me')).headers.get('www-authenticate')).toBe('Bearer realm="djet"')
  })

  test('a cookie needs the form token, a token does not', async () => {
    const visitor = await it.visit('publisher')
    const path = `/-/api/nodes/${open.id}/children`
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ basetype: 'page', name: 'By cookie' })
    expect((await visitor.request('POST', path, body, headers)).status).toBe(403)
    const withToken = { ...headers, 'x-csrf-token': await visitor.token() }
    expect((await visitor.request('POST', path, body, withToken)).status).toBe(201)
    expect((await visitor.get('/-/api/me')).json()).toMatchObject({ token: null })
  })

  test('pages take tokens too, as JSON, without cookies', async () => {
    const token = await it.token('publisher', ['write', 'publish'])
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
    const form = new URLSearchParams({ name: 'By token', text: 'Stir.' })
    const made = await raw('/open/-/new/recipe', { method: 'POST', headers, body: form })
    expect([made.status, made.headers.get('set-cookie')]).toEqual([303, null])
    const seen = await raw('/open/by-token', { headers })
    expect(await seen.json()).toMatchObject({ name: 'By token', status: 'published' })
    const reads = { authorization: `Bearer ${await it.token('publisher', [])}` }
    const refused = await raw('/open/-/new/recipe', { method: 'POST', headers: reads, body: form })
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({ error: { code: 'SCOPE_MISSING' } })
    expect((await raw('/account', { headers })).status).toBe(403)
  })

  test('methods, preflight and unknown places', async () => {
    const wrong = await boss.ask('PUT', `/nodes/${open.id}`, {})
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, PATCH, DELETE, HEAD, OPTIONS'])
    expect((await raw('/-/api/nothing')).status).toBe(404)
    const origin = { origin: 'https://other.example', 'access-control-request-method': 'PATCH' }
    const asked = await raw(`/-/api/nodes/${open.id}`, { method: 'OPTIONS', headers: origin })
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, null])
    const head = await raw(`/-/api/nodes/${open.id}`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })
})
