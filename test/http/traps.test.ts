import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createToken } from '../../core/index.ts'
import { type Library, openLibrary } from './library-site.ts'
import { rawRequest } from './raw.ts'

let library: Library
let base: string

beforeAll(async () => {
  library = await openLibrary()
  base = library.guest.base
})
afterAll(() => library.site.close())

describe('an address that can be none', () => {
  test.each([
    ['/../etc/passwd'],
    ['/books/../books'],
    ['/books/..'],
    ['/./books'],
    ['/%2e%2e/etc/passwd'],
    ['/books/%2E%2E/%2e'],
    ['/..%2fetc'],
    ['/books%2femma'],
    ['/books%5Cemma'],
    ['/books\\emma'],
    ['/%00'],
    ['/books/a%00b'],
    ['/books%0d%0aSet-Cookie:x=1'],
    ['/%'],
    ['/%zz'],
    ['/%e0%a4'],
    ['/%c3%28'],
    ['/%ed%a0%80'],
    ['*'],
    ['/-/static/core/../../package.json'],
    ['/-/static/core/%252e%252e/package.json'],
    ['/-/static/core/%2500'],
    ['/-/static/core/..%5c..%5cpackage.json'],
  ])('%s is answered with a clean 4xx', async (target) => {
    const { status, body, head } = await rawRequest(base, target)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(head).not.toMatch(/^set-cookie: x/im)
    expect(body).not.toMatch(/\bat .*:\d+:\d+/)
  })

  test('of 10,000 characters is too long', async () => {
    expect((await rawRequest(base, `/${'a'.repeat(10_000)}`)).status).toBe(414)
    expect((await rawRequest(base, `/?q=${'a'.repeat(10_000)}`)).status).toBe(414)
    expect((await rawRequest(base, `/${'a/'.repeat(2_000)}b`)).status).toBe(404)
  })

  test('of 100,000 characters does not reach the site', async () => {
    expect((await rawRequest(base, `/${'a'.repeat(100_000)}`)).status).toBe(431)
  })

  test('in Latin-1 is no page', async () => {
    expect((await rawRequest(base, '/b\u00fccher')).status).toBeLessThan(500)
  })
})

describe('an address with slashes too many', () => {
  test.each([
    ['/books/', '/books'],
    ['/books//emma', '/books/emma'],
    ['/books///', '/books'],
    ['//books', '/books'],
    ['//evil.example/', '/evil.example'],
    ['//evil.example/%2f..', null],
    ['///evil.example', '/evil.example'],
    ['/books/?x=//evil.example', '/books?x=//evil.example'],
  ])('%s leads to %s on this site', async (target, location) => {
    const { status, head } = await rawRequest(base, target)
    if (location === null) expect(status).toBe(400)
    else {
      expect(status).toBe(301)
      expect(/^location: (.*)$/im.exec(head)?.[1]).toBe(location)
    }
  })

  test('is not there for a POST', async () => {
    expect((await rawRequest(base, '/books/', 'POST')).status).toBe(404)
  })

  test('given whole, with another host, is that of this site', async () => {
    expect((await rawRequest(base, 'http://evil.example/books')).status).toBe(200)
  })
})

describe('a host that a request claims', () => {
  const claims = {
    'as Host': 'Host: evil.example',
    'as a second Host': 'Host: localhost\r\nHost: evil.example',
    'as a host with a password': 'Host: localhost@evil.example',
    'as what a proxy would say': 'X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example',
  }
  test.each(Object.entries(claims))('%s comes into no page and no redirect', async (_, header) => {
    for (const target of ['/', '/books', '/books/', '/users', '/nothing', '/login', '/-/language?to=en']) {
      const given = [target, `http://evil.example${target}`, `HTTPS://me@evil.example${target}`]
      for (const each of given) {
        const { status, head, body } = await rawRequest(base, each, 'GET', header)
        expect(status, each).toBeLessThan(500)
        expect(head + body, each).not.toContain('evil')
      }
    }
    const token = await createToken(library.site.djet, { accountId: 1, name: 'document', scopes: ['read'] })
    const lines = `${header}\r\nAuthorization: Bearer ${token.token}`
    const { status, body } = await rawRequest(base, 'http://evil.example/-/openapi.json', 'GET', lines)
    expect([status, JSON.parse(/\{.*\}/s.exec(body)![0]).servers]).toEqual([200, [{ url: '/-/api' }]])
  })

  test('in an address without a path is the first page', async () => {
    const { status, body } = await rawRequest(base, 'http://evil.example?x=1')
    expect([status, body.includes('evil')]).toEqual([200, false])
  })
})

describe('a redirect', () => {
  test.each([
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'https://evil.example',
    'javascript:1',
    '',
  ])('to %j goes to the first page instead', async (path) => {
    const answer = await library.editor.get(`/books/emma/to?path=${encodeURIComponent(path)}`)
    expect([answer.status, answer.location]).toEqual([303, '/'])
  })

  test('to a page of the site goes there', async () => {
    const answer = await library.editor.get('/books/emma/to?path=/books%3Fx%3D1')
    expect(answer.location).toBe('/books?x=1')
  })
})

describe('a cursor or a limit made up by a client', () => {
  test.each(['after=x', 'after=WzEsMWU5OV0', 'limit=0', 'limit=1001', 'limit=many'])(
    '%s is answered 400',
    async (query) => {
      const answer = await library.guest.get(`/books?${query}`, { accept: 'application/json' })
      expect(answer.status).toBe(400)
      expect(answer.json()).toMatchObject({ error: { message: expect.any(String) } })
      expect((await library.guest.get(`/books?${query}`)).status).toBe(400)
    },
  )
})
