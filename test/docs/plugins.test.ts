import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendByName, waitFor } from '../../plugins/jobmachine/index.ts'
import { createTestDatabase } from '../database.ts'
import { ADMIN_PASSWORD, createTestSite, type TestSite } from '../site.ts'
import type { Visitor } from '../visitor.ts'
import { checkTypes } from './check-types.ts'
import { type ExampleSite, filesShownIn, makeExampleSite } from './example-site.ts'
import { runTests } from './run-tests.ts'

describe('the library of the plugin guide', () => {
  let example: ExampleSite
  let site: TestSite
  let guest: Visitor
  let staff: Visitor

  beforeAll(async () => {
    example = await makeExampleSite('docs/plugins.md')
    site = await createTestSite({ dir: example.dir })
    guest = await site.visitor()
    staff = await (await site.visitor()).login('admin', ADMIN_PASSWORD)
  })
  afterAll(async () => {
    await site?.close()
    await example?.remove()
  })

  test('has the right types under the settings of the configuration guide', { timeout: 90_000 }, async () => {
    const tsconfig = (await filesShownIn('docs/configuration.md')).get('tsconfig.json')
    expect(tsconfig).toBeDefined()
    expect(await checkTypes(example.dir, tsconfig)).toBe('')
  })

  test('passes the tests that the guide shows', { timeout: 120_000 }, async () => {
    const { url, drop } = await createTestDatabase()
    const env = { TEST_DATABASE_URL: url }
    const { passed, said } = await runTests(example.dir, env)
    expect(passed, said).toBe(true)
    expect(said).toContain('4 passed')
    await drop()
  })

  test('imports an uploaded file and shows its books with their own field type and a label', async () => {
    const form = new FormData()
    const lines = '978-0-13-468599-1;Donald;Programs\n9780201896831;Knuth;Art\n'
    form.set('books', new Blob([lines], { type: 'text/csv' }), 'books.csv')
    const answer = await staff.post('/books/import', form)
    expect([answer.status, answer.location]).toEqual([303, '/books'])
    const page = (await staff.get('/books/programs')).text
    expect(page).toContain('<code class="isbn">9780134685991</code>')
    expect(page).toContain('*9780134685991*')
    expect((await guest.get('/books')).text).toContain('Art')
    expect((await guest.get('/-/static/library/library.css')).text).toContain('.lent')
  })

  test('brings a failed form back filled in, with a message at each field', async () => {
    const form = new FormData()
    for (const [name, value] of Object.entries({ name: 'Zen', isbn: '12', author: '', price: '1,5' }))
      form.set(name, value)
    form.set('cover', new Blob(['x'], { type: 'text/plain' }), 'cover.txt')
    const answer = await staff.post('/books/-/new/book', form)
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('value="Zen"')
    for (const message of [
      'must be 13 digits, with or without dashes',
      'must be filled in',
      'must be an amount such as 1234.50',
      'must be a file of one of these kinds: image/*',
    ]) {
      expect(answer.text).toContain(message)
    }
  })

  test('lends a book once, and says no to programs in JSON and to visitors at the login', async () => {
    expect((await staff.post('/books/art/lend', { reader: '' })).status).toBe(422)
    const json = { headers: { accept: 'application/json' } }
    const nobody = await staff.post('/books/art/lend', { reader: '' }, json)
    expect([nobody.status, nobody.json()]).toMatchObject([
      422,
      { error: { code: 'FORM_INVALID', fields: { reader: 'must be filled in' } } },
    ])
    expect((await staff.post('/books/art/lend', { reader: 'Ann' })).location).toBe('/books/art')
    const again = await staff.post('/books/art/lend', { reader: 'Bob' }, json)
    expect([again.status, again.json()]).toEqual([
      409,
      { error: { code: 'BOOK_LENT', message: 'Art is lent already.' } },
    ])
    expect((await guest.post('/books/art/lend', { reader: 'Eve' }, json)).status).toBe(401)
    expect((await guest.post('/books/art/lend', { reader: 'Eve' })).location).toBe(
      '/login?return=%2Fbooks%2Fart',
    )
    const token = (await staff.json<{ csrfToken: string }>('/-/session')).csrfToken
    const headers = { 'content-type': 'application/json', 'x-csrf-token': token }
    expect((await staff.request('POST', '/books/art/return', '{}', headers)).status).toBe(303)
    const { id } = await site.djet.nodes.require('/books/art')
    const api = `/-/api/books/${id}`
    const lent = await staff.request('POST', `${api}/lend`, '{"reader":"Cid"}', headers)
    expect([lent.status, lent.json()]).toMatchObject([200, { id, data: { state: 'lent' } }])
    expect((await staff.request('POST', `${api}/lend`, '{"reader":"Cid"}', headers)).status).toBe(409)
    expect(await staff.json(`${api}/loans`)).toMatchObject({ items: [{ reader: 'Cid' }, { reader: 'Ann' }] })
    expect((await guest.get(`${api}/loans`)).status).toBe(401)
    expect((await staff.request('POST', '/books/art/return', '{}', headers)).status).toBe(303)
    expect((await staff.request('PUT', '/books/art')).headers.get('allow')).toBe('HEAD, GET, OPTIONS')
  })

  test('makes its report in the request and in a worker thread', { timeout: 60_000 }, async () => {
    const csv = (await staff.get('/books/report.csv')).text
    expect(csv).toContain('9780201896831;Knuth;Art;here')
    const shelf = await site.djet.nodes.require('/books')
    const task = await sendByName(site.djet, 'library.report', JSON.stringify({ shelfId: shelf.id }))
    const outcome = await waitFor(site.djet, task.id, { timeout: '50s' })
    expect(outcome.results[0]).toEqual({ name: 'books.csv', type: 'text/csv', size: csv.length })
  })

  test('keeps pages of guests only while nothing they show has changed', async () => {
    const before = await guest.get('/books/programs')
    expect(before.text).toContain('Programs')
    expect(site.app.caches.pages?.size).toBeGreaterThan(0)
    await site.djet.nodes.update('/books/programs', { title: 'Programs, second edition' })
    await expect
      .poll(async () => (await guest.get('/books/programs')).text)
      .toContain('Programs, second edition')
  })
})
