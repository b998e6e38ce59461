import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ApiOperation } from '../../core/api/operation.ts'
import { ApiRoutes } from '../../core/api/routes.ts'
import { listAudit } from '../../core/index.ts'
import { any, type List, openPrograms, type Programs } from './programs.ts'

let { it, boss, editor, guest, open, make } = {} as Programs

beforeAll(async () => {
  ;({ it, boss, editor, guest, open, make } = await openPrograms())
}, 60_000)
afterAll(() => it?.close())

const asBoss = async () => ({ authorization: `Bearer ${await it.token('admin')}` })

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

test('schedules are made, changed, paused, run and deleted', async () => {
  type Schedule = { id: number; enabled: boolean; params: unknown }
  const body = {
    name: 'Echo each morning',
    job: 'jobmachine.echo',
    params: { a: [1] },
    cron: '30 6 * * MON-FRI',
  }
  const made = await boss.ask<Schedule>('POST', '/schedules', body)
  expect(made.body).toMatchObject({
    ...body,
    zone: 'UTC',
    missed: 'skip',
    enabled: true,
    source: 'page',
    last: null,
  })
  const path = `/schedules/${made.body.id}`
  expect([made.status, made.headers.get('location')]).toEqual([201, `/-/api${path}`])
  const wrong = { ...body, name: 'Other', cron: '0 25 * * *', zone: 'Mars', job: 'no.such' }
  const refused = await boss.ask<{ errors: { field: string }[] }>('POST', '/schedules', wrong)
  expect([refused.status, refused.body.errors.map(({ field }) => field)]).toEqual([
    422,
    ['job', 'cron', 'zone'],
  ])
  expect((await boss.ask('POST', '/schedules', body)).body).toMatchObject({
    status: 422,
    errors: [{ field: 'name' }],
  })

  const etag = { 'if-match': made.headers.get('etag')! }
  expect((await boss.ask('PATCH', path, {})).status).toBe(428)
  const changed = await boss.ask<Schedule>(
    'PATCH',
    path,
    { zone: 'Europe/Rome', params: 7, priority: 5 },
    etag,
  )
  expect(changed.body).toMatchObject({
    ...body,
    zone: 'Europe/Rome',
    params: 7,
    priority: 5,
    modifiedBy: 'admin',
  })
  const late = { code: 'SCHEDULE_CHANGED', status: 412 }
  expect((await boss.ask('PATCH', path, { title: 'x' }, etag)).body).toMatchObject(late)
  expect((await boss.ask('DELETE', path, undefined, etag)).body).toMatchObject(late)
  expect((await boss.ask('POST', `${path}/pause`)).body).toMatchObject({
    enabled: false,
    nextDue: null,
    times: [],
  })
  expect((await boss.ask('POST', `${path}/resume`)).body).toMatchObject({ enabled: true })
  const task = await boss.ask<{ id: number }>('POST', `${path}/run`)
  expect([task.status, task.body]).toMatchObject([202, { status: 'waiting', class: 'jobmachine.echo' }])
  for (let n = 0; n < 2; n++) await boss.ask('POST', `${path}/run`)
  const runs = await boss.ask<{ items: unknown[]; next: string }>('GET', `${path}/runs?limit=2`)
  expect(runs.body.items).toHaveLength(2)
  const older = await boss.ask<{ items: unknown[]; next: null }>('GET', runs.body.next.replace('/-/api', ''))
  expect(older.body).toMatchObject({
    items: [{ task: task.body.id, byHand: true, requestedBy: 'admin' }],
    next: null,
  })

  await boss.ask('POST', '/schedules', { ...body, name: 'A first' })
  const first = await editor.ask<{ items: unknown[]; next: string }>('GET', '/schedules?limit=1')
  const second = await editor.ask<{ items: unknown[] }>('GET', first.body.next.replace('/-/api', ''))
  expect([first.body.items, second.body.items]).toMatchObject([[{ name: 'A first' }], [{ name: body.name }]])
  expect((await boss.ask('GET', '/schedules?after=x')).status).toBe(400)
  expect((await boss.ask('DELETE', path, undefined, any)).status).toBe(204)
  expect((await boss.ask('GET', path)).status).toBe(404)
})

test('who may schedule schedules only what he may start', async () => {
  await it.site.djet.nodes.update('/jobs', { acl: { editor: ['view', 'start', 'schedule'] } })
  const body = { name: 'Cook', job: 'kitchen.cook', cron: '0 12 * * *' }
  expect((await editor.ask('POST', '/schedules', body)).status).toBe(403)
  const { id } = (await boss.ask<{ id: number }>('POST', '/schedules', body)).body
  expect((await editor.ask('POST', `/schedules/${id}/run`)).status).toBe(403)
  expect((await editor.ask('PATCH', `/schedules/${id}`, { cron: '0 13 * * *' }, any)).status).toBe(403)
  const echo = { ...body, name: 'Echo', job: 'jobmachine.echo' }
  const own = (await editor.ask<{ id: number }>('POST', '/schedules', echo)).body.id
  expect((await editor.ask('PATCH', `/schedules/${own}`, { job: body.job }, any)).status).toBe(403)
  expect((await editor.ask('PATCH', `/schedules/${own}`, { cron: '0 13 * * *' }, any)).status).toBe(200)
  await it.site.djet.nodes.update('/jobs', { acl: null })
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

test('a role that nothing speaks of is told, with those there are', async () => {
  const reader = await boss.ask<{ id: number }>('GET', '/nodes?path=/users/reader')
  const give = async (role: string) =>
    (await boss.ask('PATCH', `/users/${reader.body.id}`, { roles: [role] }, { 'if-match': '*' })).body
      .warnings
  expect(await give('staf')).toEqual([
    "No rule of this site speaks of the role 'staf' yet: it lets nobody do more. Did you mean 'staff'?",
    'Known roles: admin, cook, editor, publisher, staff.',
  ])
  expect(await give('staff')).toBeUndefined()
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
  await it.site.app.catchUp()
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

test('an operation whose path is none is refused', () => {
  const operation = { id: 'moveStock', method: 'POST', path: 'items/{item}/move' } as ApiOperation
  expect(() => new ApiRoutes([operation])).toThrow("the path 'items/{item}/move' of moveStock")
  const whole = new ApiRoutes([{ ...operation, path: '/items/{item}/move' }])
  expect(whole.match('/items/7/move')?.params).toEqual({ item: '7' })
})
