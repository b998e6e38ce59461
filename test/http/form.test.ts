import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { book } from './library.ts'
import { type Library, openLibrary } from './library-site.ts'

let library: Library

beforeAll(async () => {
  library = await openLibrary()
})
afterAll(() => library.site.close())

/** The element of one field in a form: label, input, help and message. */
function rowOf(html: string, name: string): string {
  const rows = html.split(/(?=<div class="field[ "])/)
  return rows.find((row) => row.includes(`for="field-${name}"`)) ?? ''
}

describe('a generic form', () => {
  test('says which fields are mandatory, and makes their labels bold', async () => {
    const { text } = await library.editor.get('/books/-/new/book')
    expect(text).toContain('Fields in <strong>bold</strong> are mandatory.')
    expect(rowOf(text, 'author')).toMatch(/^<div class="field required">/)
    expect(rowOf(text, 'name')).toMatch(/^<div class="field required">/)
    expect(rowOf(text, 'pages')).toMatch(/^<div class="field">/)
    expect(rowOf(text, 'pages')).toContain('<label for="field-pages">Pages</label>')
    expect(rowOf(text, 'pages')).toContain('Without the cover.')
  })

  test('has a token as its first element', async () => {
    const { text } = await library.editor.get('/books/emma/-/edit')
    expect(text).toMatch(
      /<form method="post" class="form"[^>]*>\s*<input type="hidden" name="_csrf" value="[\w-]{40,}">/,
    )
  })

  test('is offered only for types that may stand there', async () => {
    expect((await library.editor.get('/books/-/new/book')).status).toBe(200)
    // Of what a site has no more than it has, it is said before anything is typed.
    expect((await library.editor.get('/books/-/new/login')).status).toBe(409)
    expect((await library.editor.get('/books/-/new/user')).status).toBe(404)
    expect((await library.editor.get('/books/-/new/nothing')).status).toBe(404)
  })
})

describe('a new page', () => {
  test('is made by its form and shown with a message, once', async () => {
    const answer = await library.editor.post('/books/-/new/book', {
      name: 'Persuasion',
      author: 'Austen',
      pages: '249',
      lent: 'on',
      blurb: '<p onclick="x()">Second <b>chances</b><script>alert(1)</script></p>',
    })
    expect([answer.status, answer.location]).toEqual([303, '/books/persuasion'])
    const shown = await library.editor.get('/books/persuasion')
    expect(shown.text).toContain('Persuasion is made.')
    expect(shown.text).toContain('<p>Second <b>chances</b></p>')
    expect((await library.editor.get('/books/persuasion')).text).not.toContain('is made.')
    expect((await library.site.djet.nodes.require('/books/persuasion', book)).data).toMatchObject({
      pages: 249,
      lent: true,
    })
  })

  test('with an address that is taken comes back with a message at the address', async () => {
    const answer = await library.editor.post('/books/-/new/book', {
      name: 'Emma again',
      part: 'emma',
      author: 'Austen',
    })
    expect(answer.status).toBe(422)
    expect(rowOf(answer.text, 'part')).toContain('is taken')
    expect(rowOf(answer.text, 'name')).toContain('value="Emma again"')
  })
})

describe('a failed form', () => {
  test('comes back filled in, with a message at each field, and nothing is saved', async () => {
    const before = await library.site.djet.nodes.require('/books/emma')
    const answer = await library.editor.post('/books/emma/-/edit', {
      name: 'Emma "1815"',
      author: ' ',
      pages: 'many',
    })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('2 things need your attention. Nothing has been saved.')
    expect(answer.text).toContain('<a href="#field-author">Author</a> must be filled in')
    expect(rowOf(answer.text, 'author')).toMatch(/^<div class="field required invalid">/)
    expect(rowOf(answer.text, 'author')).toContain('must be filled in')
    expect(rowOf(answer.text, 'author')).toContain('aria-invalid="true"')
    expect(rowOf(answer.text, 'pages')).toContain('value="many"')
    expect(rowOf(answer.text, 'pages')).toContain('must be a whole number')
    expect(rowOf(answer.text, 'name')).toContain('value="Emma &quot;1815&quot;"')
    expect(await library.site.djet.nodes.require('/books/emma')).toEqual(before)
  })

  test('sent by a program is answered with the messages as JSON', async () => {
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'x-csrf-token': await library.editor.token(),
    }
    const answer = await library.editor.request(
      'POST',
      '/books/emma/-/edit',
      JSON.stringify({ name: 'Emma', pages: -1, author: 'Austen' }),
      headers,
    )
    expect(answer.status).toBe(422)
    expect(answer.json()).toMatchObject({ error: { fields: { pages: expect.stringContaining('1') } } })
  })
})

describe('an edited page', () => {
  test('is saved, and another address is followed', async () => {
    const { djet } = library.site
    await djet.nodes.insert('/books', { basetype: book, part: 'old', data: { author: 'Anon' } })
    const answer = await library.editor.post('/books/old/-/edit', {
      name: 'New',
      title: 'A new name',
      part: 'new',
      author: 'Anon',
    })
    expect([answer.status, answer.location]).toEqual([303, '/books/new'])
    expect((await library.editor.get('/books/new')).text).toContain('<h1>A new name</h1>')
    expect(await library.editor.get('/books/old')).toMatchObject({ status: 301, location: '/books/new' })
  })

  test('that someone changed in the meantime comes back instead of overwriting his change', async () => {
    const { djet } = library.site
    await djet.nodes.insert('/books', { basetype: book, part: 'shared', data: { author: 'Anon' } })
    const version = /name="version" value="(\d+)"/.exec(
      (await library.editor.get('/books/shared/-/edit')).text,
    )?.[1]
    await djet.nodes.update('/books/shared', { title: 'His title' })
    const answer = await library.editor.post('/books/shared/-/edit', {
      version: version ?? '',
      name: 'shared',
      title: 'Her title',
      author: 'Anon',
    })
    expect(answer.status).toBe(409)
    expect(answer.text).toContain('<strong>the site itself</strong> saved this page')
    expect(answer.text).toContain('value="Her title"')
    expect((await djet.nodes.require('/books/shared')).title).toBe('His title')
  })

  test('loses a checkbox that is not ticked, and keeps it for a program that does not mention it', async () => {
    const { djet } = library.site
    await djet.nodes.insert('/books', { basetype: book, part: 'tick', data: { author: 'Anon', lent: true } })
    await library.editor.post('/books/tick/-/edit', { name: 'tick', author: 'Anon' })
    expect((await djet.nodes.require('/books/tick', book)).data.lent).toBe(false)
  })
})

describe('a deleted page', () => {
  test('is asked about first, with the number of pages below it', async () => {
    const { djet } = library.site
    await djet.nodes.insert('/books', { basetype: 'page', part: 'shelf', name: 'Shelf' })
    await djet.nodes.insertMany(
      '/books/shelf',
      ['a', 'b', 'c'].map((part) => ({ basetype: book, part, data: { author: 'Anon' } })),
    )
    const asked = await library.editor.get('/books/shelf/-/delete')
    expect(asked.text).toContain('3 pages</strong> below it')
    expect(asked.text).toContain('Delete 4 pages')
    expect(asked.text).toContain('4 of them are published')
    await djet.nodes.unpublish('/books/shelf/a')
    expect((await library.editor.get('/books/shelf/-/delete')).text).toContain('3 of them are published')
    expect((await library.editor.post('/books/shelf/-/delete', { told: '3' })).status).toBe(409)
    expect(await djet.nodes.get('/books/shelf')).not.toBeNull()
    const answer = await library.editor.post('/books/shelf/-/delete', { told: '4' })
    expect([answer.status, answer.location]).toEqual([303, '/books'])
    expect((await library.editor.get('/books')).text).toContain('Shelf and 3 below it are in the trash.')
    expect((await library.editor.get('/books/shelf/a')).status).toBe(404)
  })

  test('is not the root', async () => {
    const { djet } = library.site
    await djet.nodes.update('/', { acl: { everyone: ['view'], staff: ['view', 'edit'] } })
    expect((await library.editor.get('/-/delete')).status).toBe(422)
    expect((await library.editor.post('/-/delete', {})).status).toBe(422)
    expect((await library.editor.get('/-/edit')).text).not.toContain('field-part')
  })
})
