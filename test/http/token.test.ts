import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Visitor } from '../visitor.ts'
import { type Library, openLibrary } from './library-site.ts'

let library: Library

beforeAll(async () => {
  library = await openLibrary()
})
afterAll(() => library.site.close())

function lend(
  who: Visitor,
  token: string | undefined,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = new URLSearchParams(token === undefined ? {} : { _csrf: token })
  return who.request('POST', '/books/emma/lend', body, headers)
}

async function isLent(): Promise<boolean> {
  return (await library.site.djet.nodes.require('/books/emma')).data.lent === true
}

describe('a form is refused', () => {
  test('without a token', async () => {
    const answer = await lend(library.editor, undefined)
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('This form has expired. Load the page again and send it once more.')
    expect(await isLent()).toBe(false)
  })

  test.each(['', 'x', 'a'.repeat(43)])('with the token %j', async (token) => {
    expect((await lend(library.editor, token)).status).toBe(403)
  })

  test('with the token of someone else', async () => {
    const other = await (await library.site.visitor()).login('nancy', 'n-quiet-river')
    expect((await lend(library.editor, await other.token())).status).toBe(403)
    expect((await lend(library.editor, await library.guest.token())).status).toBe(403)
  })

  test('with the token he had before he logged in', async () => {
    const someone = await library.site.visitor()
    const before = await someone.token()
    await someone.login('nancy', 'n-quiet-river')
    expect((await lend(someone, before)).status).toBe(403)
  })

  test('when it comes from a page of another site', async () => {
    const token = await library.editor.token()
    expect((await lend(library.editor, token, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect(await isLent()).toBe(false)
  })

  test('as JSON without the header', async () => {
    const answer = await library.editor.request('POST', '/books/emma/lend', '{}', {
      'content-type': 'application/json',
      accept: 'application/json',
    })
    expect([answer.status, answer.json()]).toEqual([
      403,
      { error: { code: 'FORM_EXPIRED', message: expect.any(String) } },
    ])
  })

  test('as plain text, which other sites may send', async () => {
    const answer = await library.editor.request('POST', '/books/emma/lend', '_csrf=x', {
      'content-type': 'text/plain',
    })
    expect(answer.status).toBe(403)
    expect(await isLent()).toBe(false)
  })
})

describe('a form is taken', () => {
  test('with its token in the form or in the header, from the same site', async () => {
    const token = await library.editor.token()
    expect((await lend(library.editor, undefined, { 'x-csrf-token': token })).status).toBe(303)
    expect((await lend(library.editor, token, { 'sec-fetch-site': 'same-origin' })).status).toBe(303)
    expect(await isLent()).toBe(true)
  })

  test('from a guest with the token that his page carries', async () => {
    const someone = await library.site.visitor()
    expect((await someone.post('/books/emma/echo', { a: '1' })).json()).toMatchObject({ a: '1' })
  })
})

describe('a right that is missing', () => {
  test('is missed whatever the token', async () => {
    const someone = await library.site.visitor()
    const answer = await someone.post('/books/emma/lend', {})
    expect([answer.status, answer.location]).toEqual([303, '/login?return=%2Fbooks%2Femma'])
  })
})
