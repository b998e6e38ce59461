import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Library, openLibrary } from './library-site.ts'

let library: Library

beforeAll(async () => {
  library = await openLibrary()
})
afterAll(() => library.site.close())

/** A form with one file. */
function formWith(field: string, name: string, content: string | Uint8Array, type = 'text/plain'): FormData {
  const form = new FormData()
  form.set('name', 'Emma')
  form.set('author', 'Austen')
  form.set(
    field,
    new File([typeof content === 'string' ? content : Uint8Array.from(content)], name, { type }),
  )
  return form
}

async function files(): Promise<number> {
  const [row] = await library.site.djet.query<{ n: number }>('select count(*) as n from djet.file')
  return row?.n ?? 0
}

/** An image of one pixel. */
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII='

describe('an uploaded file', () => {
  test('is refused where no files are taken', async () => {
    const answer = await library.editor.post('/books/emma/lend', formWith('x', 'a.txt', 'a'))
    expect(answer.status).toBe(415)
    expect(answer.text).toContain('This place takes no files.')
  })

  test('reaches the engine with its name and size beside the fields of the form', async () => {
    const answer = await library.editor.post('/books/emma/scan', formWith('x', 'täst 1.txt', 'abc'))
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({ form: { name: 'Emma' }, files: ['täst 1.txt 3'] })
  })

  test('keeps only the last step of a name that is a path', async () => {
    const answer = await library.editor.post('/books/emma/scan', formWith('x', '../../etc/passwd', 'a'))
    expect(answer.json()).toMatchObject({ files: ['passwd 1'] })
  })

  test('larger than the place takes is refused with its name, and nothing is kept of it', async () => {
    const before = await files()
    const answer = await library.editor.post('/books/emma/scan', formWith('x', 'big.txt', 'x'.repeat(5000)))
    expect(answer.status).toBe(413)
    expect(answer.text).toContain('Big.txt is larger than 1 KB. Send it in parts.')
    expect(await files()).toBe(before)
  })

  test('is not even read when the token is missing', async () => {
    const before = await files()
    const answer = await library.editor.post('/books/emma/scan', formWith('x', 'a.txt', 'abc'), {
      withoutToken: true,
    })
    expect(answer.status).toBe(403)
    expect(await files()).toBe(before)
  })

  test('in a form that is broken off is refused', async () => {
    const answer = await library.editor.request(
      'POST',
      '/books/emma/scan',
      '--x\r\nContent-Disposition: form-data; na',
      {
        'content-type': 'multipart/form-data; boundary=x',
        'x-csrf-token': await library.editor.token(),
      },
    )
    expect(answer.status).toBe(400)
    const without = await library.editor.request('POST', '/books/emma/scan', 'x', {
      'content-type': 'multipart/form-data',
      'x-csrf-token': await library.editor.token(),
    })
    expect(without.status).toBe(400)
  })
})

test('an upload whose sender goes away in the middle leaves nothing behind', async () => {
  const { editor } = library
  const token = await editor.token()
  const before = await files()
  const { hostname, port } = new URL(editor.base)
  const socket = connect(Number(port), hostname).on('error', () => {})
  const head = [
    'POST /books/emma/-/edit HTTP/1.1',
    `Host: ${hostname}`,
    `Cookie: ${editor.cookie()}`,
    `x-csrf-token: ${token}`,
    'Content-Type: multipart/form-data; boundary=x',
    'Content-Length: 9000000',
  ]
  socket.write(
    `${head.join('\r\n')}\r\n\r\n--x\r\nContent-Disposition: form-data; name="cover"; filename="a.txt"\r\n\r\n`,
  )
  socket.write('x'.repeat(600_000))
  await vi.waitFor(async () => expect(await files()).toBe(before + 1))
  socket.destroy()
  await vi.waitFor(async () => expect(await files()).toBe(before))
})

describe('texts of a form with files', () => {
  const long = (fields: number) => {
    const form = new FormData()
    for (let n = 0; n < fields; n++) form.set(`field${n}`, 'x'.repeat(300_000))
    return form
  }

  test('are together no larger than those of other forms', async () => {
    const answer = await library.editor.post('/books/emma/scan', long(5))
    expect(answer.status).toBe(413)
    expect(answer.text).toContain('The texts of this form are larger than 1 MB together.')
  })

  test('of a guest are given back whole or not at all', async () => {
    const headers = { 'sec-fetch-site': 'same-origin' }
    const whole = await library.guest.post('/books/emma/-/edit', long(3), { headers })
    expect([whole.status, whole.text.length > 900_000]).toEqual([401, true])
    const large = await library.guest.post('/books/emma/-/edit', long(5), { headers })
    expect(large.text.length).toBeLessThan(100_000)
  })
})

describe('the file of a page', () => {
  test('is uploaded by its form and downloaded as it was', async () => {
    const bytes = Uint8Array.from(Buffer.from(DOT, 'base64'))
    const answer = await library.editor.post(
      '/books/emma/-/edit',
      formWith('cover', '日本.png', bytes, 'image/png'),
    )
    expect(answer.status).toBe(303)
    expect((await library.guest.get('/books/emma')).text).toContain(
      'href="/books/emma/-/file/cover">日本.png</a>',
    )
    const response = await fetch(`${library.guest.base}/books/emma/-/file/cover`)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(response.headers.get('content-length')).toBe(`${bytes.length}`)
    expect(response.headers.get('content-disposition')).toMatch(
      /^inline; filename=.*filename\*=UTF-8''%E6%97%A5%E6%9C%AC\.png/,
    )
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('etag')).toMatch(/^"[0-9a-f]{64}"$/)
    expect(
      (await library.guest.request('HEAD', '/books/emma/-/file/cover')).headers.get('content-length'),
    ).toBe(`${bytes.length}`)
    const part = await library.guest.get('/books/emma/-/file/cover', { range: 'bytes=1-3' })
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([
      206,
      'PNG',
      `bytes 1-3/${bytes.length}`,
    ])
    const beyond = await library.guest.get('/books/emma/-/file/cover', { range: 'bytes=999-' })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`])
  })

  test('stays when the form is saved without a new one', async () => {
    const before = (await library.site.djet.nodes.require('/books/emma')).data.cover
    await library.editor.post('/books/emma/-/edit', { name: 'Emma', author: 'Jane Austen' })
    expect((await library.site.djet.nodes.require('/books/emma')).data.cover).toBe(before)
    await library.editor.post('/books/emma/-/edit', formWith('cover', '', '', 'application/octet-stream'))
    expect((await library.site.djet.nodes.require('/books/emma')).data.cover).toBe(before)
  })

  test('is of the type that its bytes tell, whatever its sender says', async () => {
    await library.editor.post(
      '/books/emma/-/edit',
      formWith('cover', 'x.txt', '<script>1</script>', 'text/html'),
    )
    const { headers } = await library.guest.get('/books/emma/-/file/cover')
    expect(headers.get('content-type')).toMatch(/^text\/plain/)
    const other = await library.editor.post(
      '/books/emma/-/edit',
      formWith('cover', 'x.png', '%PDF-1.7', 'image/png'),
    )
    expect(other.status).toBe(422)
    expect(other.text).toContain('x.png says by its name that it is PNG, but its content is PDF.')
  })

  test('that would run in the browser is saved instead of shown', async () => {
    const { djet } = library.site
    const { id } = await djet.files.write({
      name: 'x.html',
      type: 'text/html',
      content: '<script>1</script>',
    })
    await djet.nodes.update('/books/emma', { data: { cover: id } })
    await expect
      .poll(async () =>
        (await library.guest.get('/books/emma/-/file/cover')).headers.get('content-disposition'),
      )
      .toMatch(/^attachment/)
    const { headers } = await library.guest.get('/books/emma/-/file/cover')
    expect(headers.get('content-security-policy')).toContain('sandbox')
  })

  test.each([
    ['of another kind', 'bad.exe', 'abc', 'must be a file of one of these kinds: .png, .txt'],
    ['that is too large', 'large.txt', 'x'.repeat(3000), 'must be a file of at most'],
  ])('%s comes back as a message at its field, and is not kept', async (_, name, content, message) => {
    const answer = await library.editor.post('/books/emma/-/edit', formWith('cover', name, content))
    expect(answer.status).toBe(422)
    expect(answer.text).toContain(message)
    const kept = await library.site.djet.query('select 1 from djet.file where name = $1 and kept', [name])
    expect(kept).toEqual([])
  })

  test('is not there for a field that has none, or is none', async () => {
    for (const field of ['author', 'nothing', 'cover/x'])
      expect((await library.guest.get(`/books/emma/-/file/${field}`)).status).toBe(404)
  })

  test('is under the rules of its page', async () => {
    await library.site.djet.nodes.update('/books/emma', { acl: { everyone: [], user: [] } })
    await expect.poll(async () => (await library.guest.get('/books/emma/-/file/cover')).status).toBe(303)
  })
})

describe('a static file', () => {
  test('is served with its type', async () => {
    const answer = await library.guest.get('/-/static/library/shelf.css')
    expect([answer.status, answer.text]).toEqual([200, 'body { color: black }\n'])
    expect(answer.headers.get('content-type')).toBe('text/css; charset=utf-8')
  })

  test('named with the mark of its state may be kept for ever', async () => {
    const { text } = await library.guest.get('/books')
    const url = /href="(\/-\/static\/core\/djet\.css\?v=\w+)"/.exec(text)?.[1] ?? ''
    const marked = await library.guest.get(url)
    expect(marked.headers.get('cache-control')).toMatch(/max-age=31536000.*immutable/)
    expect((await library.guest.get('/-/static/core/djet.css')).headers.get('cache-control')).toMatch(
      /max-age=0/,
    )
  })

  test.each(['core/none.css', 'nobody/x.css', 'core', 'core/', '', 'library/../library.ts', 'site/x.css'])(
    'is not there at %s',
    async (path) => {
      const { status } = await library.guest.get(`/-/static/${path}`)
      expect([404, 301]).toContain(status)
    },
  )

  test('can only be read', async () => {
    const answer = await library.guest.request('POST', '/-/static/core/djet.css')
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})
