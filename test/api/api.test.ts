import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit } from '../../core/index.ts'
import { rawRequest } from '../http/raw.ts'
import { PASSWORD } from './api-site.ts'
import { any, type NodeJson, openPrograms, type Programs } from './programs.ts'

let { it, boss, publisher, editor, open, make } = {} as Programs

beforeAll(async () => {
  ;({ it, boss, publisher, editor, open, make } = await openPrograms())
}, 60_000)
afterAll(() => it?.close())

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

test('many POSTs at once, with one key or with many, do not wait for connections that they hold themselves', async () => {
  const add = (login: string, key: string) =>
    boss.ask('POST', '/users', { login, password: PASSWORD }, { 'idempotency-key': key })
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, n) => (n < 8 ? add('crowd', 'crowd') : add(`crowd-${n}`, `crowd-${n}`))),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
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
