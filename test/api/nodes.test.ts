import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { any, type List, type NodeJson, openPrograms, type Programs } from './programs.ts'

let { it, boss, publisher, editor, guest, open, make } = {} as Programs

beforeAll(async () => {
  ;({ it, boss, publisher, editor, guest, open, make } = await openPrograms())
}, 60_000)
afterAll(() => it?.close())

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

  test('are drafts when the token that makes them is not for publishing, whoever has it', async () => {
    const writer = await it.program('publisher', ['write'])
    const body = { basetype: 'recipe', name: 'Later', data: { text: 'Boil.' } }
    const made = await writer.ask<NodeJson>('POST', `/nodes/${open.id}/children`, body)
    expect([made.status, made.body.status]).toEqual([201, 'draft'])
    const shown = await writer.ask('POST', `/nodes/${open.id}/children`, { ...body, status: 'published' })
    expect(shown.body).toMatchObject({ status: 403, code: 'SCOPE_MISSING', details: { scope: 'publish' } })
    expect((await writer.ask('POST', `/nodes/${made.body.id}/publish`, {})).status).toBe(403)
    const published = await publisher.ask<NodeJson>('POST', `/nodes/${made.body.id}/publish`, {})
    expect(published.body.status).toBe('published')
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

  test('that one may not see are named by no field, as if they were not there', async () => {
    const { nodes } = it.site.djet
    const hidden = await nodes.insert('/closed', { basetype: 'recipe', name: 'Soup', data: { text: 'x' } })
    const node = await make()
    const save = (like: number) =>
      editor.ask('PUT', `/nodes/${node.id}/draft`, { data: { like } }, any).then(({ status, body }) => ({
        status,
        detail: String((body as { detail?: string }).detail).replace(String(like), 'N'),
      }))
    const closed = await nodes.require('/closed')
    const none = await save(2_000_000_000)
    expect(none).toEqual({ status: 422, detail: 'Recipe: like names node N, which does not exist.' })
    expect(await save(hidden.id)).toEqual(none)
    expect(await save(closed.id)).toEqual(none)
    await nodes.update(node.id, { data: { like: hidden.id } })
    const kept = { like: hidden.id, minutes: 7 }
    expect((await editor.ask('PUT', `/nodes/${node.id}/draft`, { data: kept }, any)).status).toBe(200)
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
    const nul = await guest.ask<List>('GET', `/nodes/${parent.id}/children?basetype=%00`)
    expect([nul.status, nul.body.items]).toEqual([200, []])
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
      { pointer: '#/name', detail: 'must be a text' },
      { pointer: '#/colour', detail: 'is not known here' },
    ])
    expect((await post({ basetype: 'nonsense' })).status).toBe(422)
    const odd = { status: 'gone', acl: { 'a role': ['view'], admin: [], staff: ['Look'] } }
    expect((await post(odd)).body.detail).toBe(
      [
        'Basetype is missing',
        'status must be one of published, draft',
        "acl.a role is no role: that is a word of letters, digits, '-', '_' and '.'",
        'acl.admin may do everything everywhere; no rule changes that',
        'acl.staff.0 is no permission.',
      ].join('; '),
    )
    expect((await publisher.ask('POST', `/nodes/${open.id}/move`, { parent: true })).body.detail).toBe(
      'Parent must be the id or the path of a node.',
    )
    const broken = { status: 400, code: 'BODY_INVALID', detail: 'What was sent is not JSON.' }
    expect((await post('{"basetype":')).body).toMatchObject(broken)
    expect((await post('[1]')).body).toMatchObject({ status: 422, detail: 'The body must be an object.' })
    const deep = `{"data":{"steps":${'['.repeat(9000)}${']'.repeat(9000)}}}`
    expect((await post(deep)).body).toMatchObject({
      status: 400,
      detail: 'What was sent has too many lists and objects in one another.',
    })
    const long = await fetch(`${it.base}/-/api/nodes?path=/${'x'.repeat(5000)}`)
    expect([long.status, long.headers.get('content-type')]).toEqual([
      414,
      expect.stringContaining('application/problem+json'),
    ])
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
