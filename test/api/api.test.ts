import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit } from '../../core/index.ts'
import { rawRequest } from '../http/raw.ts'
import { any, type List, type NodeJson, openPrograms, type Programs } from './programs.ts'

let { it, boss, publisher, editor, guest, open, make } = {} as Programs

beforeAll(async () => {
  ;({ it, boss, publisher, editor, guest, open, make } = await openPrograms())
}, 60_000)
afterAll(() => it?.close())

const asBoss = async () => ({ authorization: `Bearer ${await it.token('admin')}` })

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

test('redirects are listed, made, changed and removed', async () => {
  const { path } = await make()
  const from = '/open/old-soup'
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

test('users are found, invited, changed, and let in no longer', async () => {
  type User = { id: number; state: string; roles: string[]; email: string | null }
  const body = { login: 'nancy', name: 'Nancy Davolio', email: 'nancy@example.com', roles: ['staff'] }
  const made = await boss.ask<User>('POST', '/users', body)
  expect(made.status).toBe(201)
  expect(made.body).toMatchObject({ ...body, state: 'invited', invitation: { sent: true, problem: null } })
  const path = `/users/${made.body.id}`
  expect(made.headers.get('location')).toBe(`/-/api${path}`)
  expect((await boss.ask('POST', '/users', body)).status).toBe(409)
  expect((await boss.ask('POST', '/users', { login: 'nobody' })).body).toMatchObject({
    code: 'EMAIL_MISSING',
  })
  const found = await boss.ask<{ items: User[]; next: string | null }>('GET', '/users?q=dav')
  expect(found.body.items).toMatchObject([{ id: made.body.id, state: 'invited' }])
  const first = await boss.ask<{ items: unknown[]; next: string }>('GET', '/users?limit=1')
  const second = await boss.ask<{ items: unknown[] }>('GET', first.body.next.replace('/-/api', ''))
  expect([first.body.items, second.body.items]).toMatchObject([[{ login: 'admin' }], [{ login: 'editor' }]])

  const etag = { 'if-match': made.headers.get('etag')! }
  expect((await boss.ask('PATCH', path, { name: 'N.' })).status).toBe(428)
  const changed = await boss.ask<User>('PATCH', path, { roles: ['cook'], email: null, language: 'en' }, etag)
  expect(changed.body).toMatchObject({ email: null, roles: ['cook'], language: 'en', name: 'Nancy Davolio' })
  expect((await boss.ask('PATCH', path, { name: 'N.' }, etag)).body).toMatchObject({
    code: 'USER_CHANGED',
    status: 412,
  })
  expect((await boss.ask('PATCH', path, { name: 'N.', roles: ['user'] }, any)).status).toBe(422)
  expect((await boss.ask('PATCH', path, { language: 'xx' }, any)).body).toMatchObject({
    code: 'LANGUAGE_UNKNOWN',
  })
  const renamed = await boss.ask<User>(
    'PATCH',
    path,
    { name: 'N.' },
    { 'if-match': changed.headers.get('etag')! },
  )
  expect(renamed.body).toMatchObject({ name: 'N.', roles: ['cook'] })
  expect((await boss.ask('POST', `${path}/invite`)).body).toMatchObject({ code: 'EMAIL_MISSING' })
  expect((await boss.ask('PUT', `${path}/password`, { password: 'x' })).status).toBe(422)
  expect((await boss.ask('DELETE', `${path}/second-factor`)).status).toBe(404)
  expect((await boss.ask('POST', `${path}/disable`)).body).toMatchObject({ state: 'disabled' })
  expect((await boss.ask('POST', `${path}/enable`)).body).toMatchObject({ state: 'invited' })
  expect((await boss.ask('GET', `/users/${open.id}`)).status).toBe(404)
  const noted = await listAudit(it.site.djet, { action: 'users.language' })
  expect(noted.items).toMatchObject([{ subject: 'nancy', door: 'api', data: { before: null, after: 'en' } }])
})

test('the last administrator stays, and is left alone by who only looks after users', async () => {
  const { id } = await it.site.djet.nodes.require('/users/admin')
  const path = `/users/${id}`
  expect((await boss.ask('PATCH', path, { roles: [] }, any)).body).toMatchObject({
    code: 'LAST_ADMIN',
    status: 409,
  })
  expect((await boss.ask('POST', `${path}/disable`)).body).toMatchObject({ code: 'LAST_ADMIN' })
  await it.site.djet.nodes.update('/users', { acl: { editor: ['view', 'edit'] } })
  expect((await editor.ask('GET', path)).body).toMatchObject({ login: 'admin', security: { lockedFor: 0 } })
  const refused = { code: 'ADMIN_ONLY', status: 403 }
  expect((await editor.ask('PATCH', path, { email: 'me@example.com' }, any)).body).toMatchObject(refused)
  for (const [method, rest, body] of [
    ['POST', '/invite', {}],
    ['PUT', '/password', { password: 'loud-river-7' }],
    ['DELETE', '/second-factor', undefined],
    ['DELETE', '/sessions', undefined],
    ['DELETE', '/tokens/1', undefined],
  ] as const) {
    expect((await editor.ask(method, path + rest, body)).body, rest).toMatchObject(refused)
  }
  const admin = { login: 'boss-2', password: 'quiet-river-5', roles: ['admin'] }
  expect((await editor.ask('POST', '/users', admin)).body).toMatchObject(refused)
  await it.site.djet.nodes.update('/users', { acl: null })
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
