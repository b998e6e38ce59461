import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Library, openLibrary } from './library-site.ts'
import { rawRequest } from './raw.ts'

let library: Library

beforeAll(async () => {
  library = await openLibrary({ limits: { body: '16kb' } })
  await library.site.djet.nodes.insertMany(
    '/books',
    Array.from({ length: 4 }, (_, i) => ({ basetype: 'book', part: `b${i}`, data: { author: 'Anon' } })),
  )
})
afterAll(() => library.site.close())

interface NodeJson {
  id: number
  path: string
  children: { items: { id: number; path: string }[]; next: string | null }
}

describe('the page of a node', () => {
  test('is HTML with title, menu and breadcrumbs', async () => {
    const { status, headers, text } = await library.guest.get('/books/emma')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('vary')).toContain('Accept')
    expect(text).toContain('<h1>Emma</h1>')
    expect(text).toMatch(/<a href="\/books" aria-current="true">Books<\/a>/)
    expect(text.replace(/\s+/g, ' ')).toContain(
      '<li><a href="/">Home</a></li> <li><a href="/books">Books</a></li> <li><span aria-current="page">Emma</span></li>',
    )
  })

  test('is JSON for who asks for that', async () => {
    const { headers, json } = await library.guest.get('/books/emma', { accept: 'application/json' })
    const { id } = await library.site.djet.nodes.require('/books/emma')
    expect(headers.get('content-type')).toContain('application/json')
    expect(json()).toEqual({
      id,
      path: '/books/emma',
      basetype: 'book',
      name: 'Emma',
      title: 'Emma',
      data: { author: 'Austen' },
      children: { items: [], next: null },
    })
  })

  test('is HTML for a browser, which takes anything', async () => {
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
    expect((await library.guest.get('/books', { accept })).text).toContain('<!doctype html>')
    expect((await library.guest.get('/books', { accept: '*/*' })).text).toContain('<!doctype html>')
  })

  test('lists its children in pages whose next link works', async () => {
    const seen: string[] = []
    let url: string | null = '/books?limit=2'
    while (url !== null) {
      const { children }: NodeJson = await library.guest.json<NodeJson>(url)
      seen.push(...children.items.map(({ path }) => path))
      url = children.next
    }
    expect(seen).toEqual(['/books/emma', '/books/b0', '/books/b1', '/books/b2', '/books/b3'])
    const html = (await library.guest.get('/books?limit=2')).text
    const next = /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
    expect(next).toBeDefined()
    expect((await library.guest.get(`/books${next}`)).text).toContain('href="/books/b1"')
  })

  test('answers HEAD like GET, without the body', async () => {
    const get = await library.guest.get('/books/emma')
    const head = await library.guest.request('HEAD', '/books/emma')
    expect([head.status, head.text]).toEqual([200, ''])
    for (const name of ['content-type', 'content-length', 'etag', 'cache-control'])
      expect(head.headers.get(name)).toBe(get.headers.get(name))
  })

  test('is not sent again to who has it', async () => {
    const etag = (await library.guest.get('/books')).headers.get('etag') ?? ''
    // fetch would add a Cache-Control that asks for the whole page.
    const ask = () => rawRequest(library.guest.base, '/books', 'GET', `If-None-Match: ${etag}`)
    const again = await ask()
    expect([again.status, again.body]).toEqual([304, ''])
    await library.site.djet.nodes.update('/books', { data: { body: '<p>New.</p>' } })
    await expect.poll(async () => (await ask()).status).toBe(200)
  })

  test('says what may be done with it', async () => {
    const options = await library.guest.request('OPTIONS', '/books')
    expect([options.status, options.text]).toEqual([204, ''])
    expect(options.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'OPTIONS'])
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('refuses %s', async (method) => {
    const answer = await library.guest.request(method, '/books')
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toContain('GET')
    expect(answer.text).toContain(`${method} is not possible here`)
  })

  test('has the headers that keep browsers from harm', async () => {
    const { headers } = await library.guest.get('/books')
    expect(headers.get('content-security-policy')).toMatch(/default-src 'self'/)
    expect(headers.get('content-security-policy')).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('permissions-policy')).toMatch(/\bcamera=\(\).*\bgeolocation=\(\)/)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('x-powered-by')).toBeNull()
  })
})

describe('a page that is not there', () => {
  test('is answered 404 with a page of the site', async () => {
    const { status, text, headers } = await library.guest.get('/books/sanditon')
    expect(status).toBe(404)
    expect(text).toContain('There is no page at /books/sanditon.')
    expect(text).toContain('href="/books"')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('is answered 404 with JSON', async () => {
    const { status, json } = await library.guest.get('/<b>', { accept: 'application/json' })
    expect(status).toBe(404)
    expect(json()).toEqual({ error: { code: 'NOT_FOUND', message: 'there is no page at /<b>.' } })
  })

  test('does not become one by what stands in its address', async () => {
    expect((await library.guest.get('/<script>alert(1)</script>')).text).not.toContain('<script>alert')
  })

  test('is not there for OPTIONS and POST either', async () => {
    expect((await library.guest.request('OPTIONS', '/nowhere')).status).toBe(404)
    expect((await library.guest.request('POST', '/nowhere')).status).toBe(404)
  })
})

describe('a fault in an engine', () => {
  test('is answered 500 with a number and without a word of what it was', async () => {
    const { status, text } = await library.guest.get('/books/emma/broken')
    expect(status).toBe(500)
    expect(text).toContain('Something went wrong here.')
    expect(text).toMatch(/<code>[0-9a-f-]{36}<\/code>/)
    expect(text).not.toContain('shelf')
  })

  test('is answered 500 as JSON', async () => {
    const { status, json } = await library.guest.get('/books/emma/broken', { accept: 'application/json' })
    expect(status).toBe(500)
    expect(json()).toMatchObject({ error: { code: 'INTERNAL', requestId: expect.any(String) } })
  })
})

describe('what is sent to a page', () => {
  test('is refused when it is larger than the site takes', async () => {
    for (const headers of [
      { 'content-type': 'application/json' },
      { 'content-type': 'application/x-www-form-urlencoded' },
    ]) {
      const answer = await library.guest.request(
        'POST',
        '/books/emma/echo',
        `a=${'x'.repeat(20_000)}`,
        headers,
      )
      expect(answer.status).toBe(413)
    }
  })

  test.each([
    ['{"a":', 'is not JSON'],
    ['nonsense', 'is not JSON'],
    ['"text"', 'is not a JSON object'],
    ['7', 'is not a JSON object'],
    ['{"__proto__":{"a":1}}', "has a name that no object may have, such as '__proto__'"],
  ])('is refused as JSON when it is %s', async (body, problem) => {
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    const answer = await library.guest.request('POST', '/books/emma/echo', body, headers)
    expect([answer.status, answer.json<{ error: unknown }>().error]).toEqual([
      400,
      { code: 'BODY_INVALID', message: `what was sent ${problem}.` },
    ])
  })

  test.each([
    ['gzip', 400, 'what was sent is not compressed as its Content-Encoding says.'],
    ['zip', 415, 'send it as it is, or with Content-Encoding gzip, deflate or br.'],
  ])(
    'is refused when its Content-Encoding is %s and its bytes are not',
    async (encoding, status, message) => {
      const headers = { 'content-type': 'application/json', accept: 'application/json' }
      const answer = await library.guest.request('POST', '/books/emma/echo', '{}', {
        ...headers,
        'content-encoding': encoding,
      })
      expect([answer.status, answer.json()]).toMatchObject([status, { error: { message } }])
    },
  )

  test('may be JSON or a form, with fields that repeat', async () => {
    const token = await library.guest.token()
    const json = { 'content-type': 'application/json', 'x-csrf-token': token }
    const answer = await library.guest.request('POST', '/books/emma/echo', '{"a":[1,{"b":null}]}', json)
    expect(answer.json()).toEqual({ a: [1, { b: null }] })
    const form = new URLSearchParams([
      ['_csrf', token],
      ['a', '1'],
      ['a', '2'],
    ])
    expect((await library.guest.request('POST', '/books/emma/echo', form)).json()).toMatchObject({
      a: ['1', '2'],
    })
  })

  test('cannot reach into objects that are not its own', async () => {
    const headers = { 'content-type': 'application/json', 'x-csrf-token': await library.guest.token() }
    await library.guest.request('POST', '/books/emma/echo', '{"__proto__":{"polluted":1}}', headers)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('the health of the site', () => {
  test('is good while it serves', async () => {
    const { status, headers, json } = await library.guest.get('/-/health')
    expect([status, json()]).toEqual([200, { status: 'ok' }])
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await library.guest.request('HEAD', '/-/health')).status).toBe(200)
  })
})
