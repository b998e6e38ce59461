import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { partsOf, SCOPES, type Scope } from '../../core/index.ts'
import { salesOrder } from '../../plugins/sales-order/index.ts'
import type { Visitor } from '../visitor.ts'
import { apiActions } from './api-actions.ts'
import { type ApiSite, openApiSite } from './api-site.ts'
import {
  type Action,
  fingerprint,
  makeTarget,
  mayDo,
  PLACES,
  type Place,
  ROLES,
  type Role,
  scopesOf,
  type Trial,
} from './matrix.ts'
import { ownActions, pageActions } from './page-actions.ts'

/** Does one request and gives its status. */
type Try = (trial: Trial) => Promise<number>

let it: ApiSite
const byForm = new Map<Role, Try>()
const byToken = new Map<Role, string>()
const byScope = new Map<Scope, string>()

beforeAll(async () => {
  it = await openApiSite({ api: { rate: 1_000_000 } }, [salesOrder()])
  for (const role of ROLES) {
    const visitor = role === 'guest' ? await it.site.visitor() : await it.visit(role)
    byForm.set(role, formOf(visitor, await visitor.token()))
    if (role !== 'guest') byToken.set(role, await it.token(role))
  }
  for (const scope of Object.keys(SCOPES) as Scope[]) byScope.set(scope, await it.token('admin', [scope]))
}, 60_000)
afterAll(() => it?.close())

/** A form with its token; programs are told the status that a page would hide behind the login. */
function formOf(visitor: Visitor, csrf: string): Try {
  return async ({ method, path, body }) => {
    const form = body instanceof FormData ? body : new URLSearchParams(body as Record<string, string>)
    return (await visitor.request(method, path, form, { accept: 'application/json', 'x-csrf-token': csrf }))
      .status
  }
}

/** The same form with a token instead of a cookie. */
function formWith(token: string): Try {
  return async ({ method, path, body }) => {
    const form = body instanceof FormData ? body : new URLSearchParams(body as Record<string, string>)
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
    const answer = await fetch(it.base + path, { method, headers, body: form, redirect: 'manual' })
    await answer.arrayBuffer()
    return answer.status
  }
}

function apiWith(token: string | undefined): Try {
  return async ({ method, path, body }) => {
    const headers: Record<string, string> = { 'if-match': '*' }
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    const isForm = body instanceof FormData
    if (body !== undefined && !isForm) headers['content-type'] = 'application/json'
    const json = body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }
    const answer = await fetch(`${it.base}/-/api${path}`, { method, headers, ...json })
    await answer.arrayBuffer()
    return answer.status
  }
}

interface Tryer {
  readonly who: string
  readonly may: boolean
  readonly try: Try
}

/** Those who may not try first, all on one target, and nothing has changed; then he who may with the fewest rights. */
async function check(action: Action, place: Place, tryers: readonly Tryer[]): Promise<void> {
  const target = await makeTarget(it, place, action)
  const before = await fingerprint(it)
  for (const tryer of tryers) {
    if (tryer.may) continue
    const status = await tryer.try(action.trial(target))
    expect([401, 403, 404], `${tryer.who} at ${place}: ${status}`).toContain(status)
  }
  expect(await fingerprint(it), `refused at ${place}, but something changed`).toBe(before)
  const first = tryers.find(({ may }) => may)
  // What administrators may, they are seen to do at the open place.
  if (first === undefined || place === 'closed') return
  expect(await first.try(action.trial(target)), `${first.who} at ${place}`).toBeLessThan(400)
}

/** Where the place makes no difference it is tried at one. */
function placesOf({ needs }: Action): readonly Place[] {
  return typeof needs === 'object' && 'roles' in needs ? ['open'] : PLACES
}

function rolesFor(action: Action, place: Place, how: (role: Role) => Try): Tryer[] {
  // Of those who may nothing at the closed place, he who may most elsewhere.
  const roles = place === 'open' ? ROLES : (['guest', 'publisher', 'admin'] as const)
  return roles.map((role) => ({ who: role, may: mayDo(action, role, place), try: how(role) }))
}

function scopesFor(action: Action, how: (token: string) => Try): Tryer[] {
  const all = { who: 'a token for all', may: true, try: how(byToken.get('admin')!) }
  const single = [...byScope].map(([scope, token]) => ({
    who: `a token for ${scope}`,
    may: scopesOf(action).every((needed) => needed === scope || needed === 'read'),
    try: how(token),
  }))
  return [...single, all]
}

describe('each operation of the API', () => {
  test('has a line that says who may', () => {
    const operations = partsOf(it.site.app).flatMap((part) => part.operations.map(({ id }) => id))
    const known = new Set(Object.keys(apiActions).map((line) => line.split(' ')[0]))
    expect([...known].sort(), 'add a line to test/api/api-actions.ts').toEqual(operations.sort())
  })

  test.each(Object.entries(apiActions))('%s', async (line, action) => {
    const [id] = line.split(' ')
    const operation = partsOf(it.site.app)
      .flatMap(({ operations }) => operations)
      .find((one) => one.id === id)!
    for (const place of placesOf(action)) {
      await check(
        action,
        place,
        rolesFor(action, place, (role) => apiWith(byToken.get(role))),
      )
    }
    const needed = {
      ...action,
      scopes: action.scopes ?? [...new Set([operation.scope, ...scopesOf(action)])],
    }
    await check(
      action,
      'open',
      scopesFor(operation.scope === 'read' ? { ...action, scopes: ['read'] } : needed, apiWith),
    )
  })
})

describe('each form', () => {
  test('has a line that says who may', () => {
    const routes = [...it.site.app.engines].flatMap(([engine, { router }]) =>
      router.stack.flatMap(({ methods, path }) =>
        methods.some((one) => one !== 'GET' && one !== 'HEAD') ? [`${engine} ${path}`] : [],
      ),
    )
    const known = [...Object.keys(pageActions), ...Object.keys(ownActions)]
    expect(known.sort(), 'add a line to test/api/page-actions.ts').toEqual(routes.sort())
  })

  test.each(Object.entries(pageActions))('%s', async (_, action) => {
    for (const place of placesOf(action))
      await check(
        action,
        place,
        rolesFor(action, place, (role) => byForm.get(role)!),
      )
    await check(action, 'open', scopesFor(action, formWith))
  })
})
