import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { S3Server } from '../../../test/s3-server.ts'
import type { TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { addFile } from '../index.ts'
import { type FilesSite, form, openFilesSite } from './files-site.ts'
import { bomb, photo, SVG } from './images.ts'

let it: FilesSite
let site: TestSite
let s3: S3Server
let guest: Visitor
let editor: Visitor
beforeAll(async () => {
  it = await openFilesSite({ inBucket: true })
  s3 = it.s3!
  site = it.site
  guest = it.guest
  editor = it.editor
})
afterAll(() => it?.close())

const replacement = (name: string, content: Uint8Array): FormData => {
  const data = new FormData()
  data.append('file', new Blob([content as Uint8Array<ArrayBuffer>]), name)
  return data
}
const pixels: FilesSite['pixels'] = (path, accept) => it.pixels(path, accept)
const count = (table: string): Promise<number> => it.count(table)

test('files are added one by one: what is right is kept, what is not is said by its name, and leaves nothing', async () => {
  const answer = await editor.post(
    '/files/-/upload',
    form(
      ['Chai tea.JPG', await photo()],
      ['fake.png', '%PDF-1.7 …'],
      ['bomb.png', bomb()],
      ['broken.jpg', (await photo()).subarray(0, 300)],
      ['drawing.svg', SVG],
      ['page.html', '<script>alert(1)</script>'],
    ),
  )
  expect(answer.status).toBe(422)
  for (const message of [
    'fake.png says by its name that it is PNG, but its content is PDF.',
    'bomb.png is 30000 × 30000 pixels, more than 60 million. Make it smaller first.',
    'broken.jpg cannot be read as an image',
    'Added all the same: Chai tea.JPG, drawing.svg, page.html',
  ])
    expect(answer.text).toContain(message)
  const { items } = await site.djet.nodes.children('/files')
  expect(items.map(({ part }) => part)).toEqual(['page.html', 'drawing.svg', 'chai-tea.jpg'])
  expect([await count('djet.file'), await count('djet.file where not kept')]).toEqual([3, 0])

  // The same name again, by a program.
  const token = { 'x-csrf-token': await editor.token(), accept: 'application/json' }
  const more = await editor.request('POST', '/files/-/upload', form(['Chai tea.JPG', await photo()]), token)
  expect(more.status).toBe(201)
  expect(more.json<{ added: object[] }>().added).toMatchObject([
    { path: '/files/chai-tea-2.jpg', width: 1200, height: 600 },
  ])
  await site.djet.nodes.delete('/files/chai-tea-2.jpg')
  expect((await guest.post('/files/-/upload', form(['a.txt', 'x']))).status).toBe(303)
  expect((await editor.post('/files/-/folder', { name: '' })).status).toBe(422)
  expect((await editor.post('/files/-/folder', { name: 'Press' })).status).toBe(303)
})

test('what could run in a browser is made safe or saved instead of shown', async () => {
  const drawing = await pixels('/files/drawing.svg/-/file/file')
  expect(drawing.bytes.toString()).toMatch(
    /^<svg xmlns="[^"]*" viewBox="0 0 20 10">\s*<style>.a \{ fill: red \}<\/style><rect/,
  )
  expect(drawing.headers.get('content-security-policy')).toBe(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
  )
  const html = await pixels('/files/page.html/-/file/file')
  expect(html.headers.get('content-disposition')).toMatch(/^attachment/)
  expect(html.headers.get('x-content-type-options')).toBe('nosniff')
})

describe('an image', () => {
  test('is made in a size, upright, in the format that the client knows, without its metadata', async () => {
    const [{ src = '' } = {}] = (
      await guest.json<{ files: { src: string }[] }>('/files/-/pick?kind=image&q=chai')
    ).files
    expect(src).toMatch(/^\/files\/chai-tea\.jpg\/-\/image\/320\?v=[0-9a-f]{12}$/)
    for (const [accept, type] of [
      ['image/avif,image/webp,*/*', 'image/avif'],
      ['image/webp,*/*', 'image/webp'],
      ['*/*', 'image/jpeg'],
    ] as const) {
      const { bytes, headers } = await pixels(src, accept)
      expect(headers.get('content-type')).toBe(type)
      expect(headers.get('vary')).toContain('Accept')
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, s-maxage=300, immutable')
      const { width, height, exif, orientation } = await sharp(bytes).metadata()
      expect({ width, height, exif, orientation }).toEqual({ width: 320, height: 160 })
      const again = await fetch(guest.base + src, {
        headers: { accept, 'if-none-match': headers.get('etag') ?? '', 'cache-control': 'max-age=0' },
      })
      expect(again.status).toBe(304)
    }
    const unmarked = await pixels('/files/chai-tea.jpg/-/image/320')
    expect(unmarked.headers.get('cache-control')).toBe('public, no-cache')
    const odd = await guest.get('/files/chai-tea.jpg/-/image/333', { accept: 'application/json' })
    expect([odd.status, odd.text]).toEqual([404, expect.stringContaining('widths 160, 320, 640')])
    expect((await guest.get('/files/page.html/-/image/320')).status).toBe(404)
  })

  test('is made once when many ask at once, and cropped round its focal point', async () => {
    const before = [await count('files.variant'), s3.objects.size]
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => pixels('/files/chai-tea.jpg/-/image/160/1x1')),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect([await count('files.variant'), s3.objects.size]).toEqual([before[0]! + 1, before[1]! + 1])
    const colour = async () => {
      const { bytes } = await pixels('/files/chai-tea.jpg/-/image/160/1x1')
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
      return [
        info.width,
        info.height,
        data[0]! > 200 ? 'red' : 'blue',
        data[data.length - 1]! > 200 ? 'blue' : 'red',
      ]
    }
    expect(await colour()).toEqual([160, 160, 'red', 'blue'])
    const saved = await editor.post('/files/chai-tea.jpg/-/details', {
      alt: 'Tea on a tray',
      focusX: '100',
      focusY: '0',
    })
    expect(saved.status).toBe(303)
    expect(await colour()).toEqual([160, 160, 'blue', 'blue'])
    expect(await count('files.variant')).toBe(before[0]! + 1)
    const wrong = await editor.post('/files/chai-tea.jpg/-/details', {
      alt: 'Tea',
      focusX: '101',
      focusY: '0',
    })
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('value="101"')])
  })

  test('is seen by whom its rules let see it', async () => {
    await site.djet.nodes.insert('/files', {
      basetype: 'folder',
      name: 'Secret',
      acl: { everyone: [], user: [], staff: ['view'] },
    })
    const id = (await site.djet.nodes.require('/files/chai-tea.jpg')).id
    await site.djet.nodes.move(id, { parent: '/files/secret' })
    await site.app.catchUp()
    for (const path of [
      '/files/secret/-/pick',
      '/files/secret/chai-tea.jpg/-/image/320',
      '/files/secret/chai-tea.jpg/-/download',
    ])
      expect((await guest.get(path, { accept: 'application/json' })).status, path).toBe(401)
    const shown = await editor.get('/files/secret/chai-tea.jpg/-/image/320')
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'private, no-cache'])
    expect((await editor.post('/files/secret/chai-tea.jpg/-/details', { alt: '' })).status).toBe(403)
    expect((await guest.json<{ files: [] }>('/files/-/pick?q=chai')).files).toEqual([])
    expect((await editor.json<{ files: [] }>('/files/-/pick?q=chai')).files.length).toBe(1)
    await site.djet.nodes.move(id, { parent: '/files' })
  })

  test('is not seen by looking through the eyes of others', async () => {
    const { nodes } = site.djet
    await nodes.update('/files/chai-tea.jpg', {
      acl: { everyone: [], user: [], staff: [], keeper: ['view'] },
    })
    await site.app.catchUp()
    const preview = await editor.get('/files/-/preview?as=keeper')
    expect([preview.status, preview.text.includes('Chai tea.JPG')]).toEqual([200, false])
    expect((await it.boss.get('/files/-/preview?as=keeper')).text).toContain('Chai tea.JPG')
    await nodes.update('/files/chai-tea.jpg', { acl: null })
  })
})

test('a file is replaced at its address, and the one before comes back from its versions', async () => {
  const { djet } = site
  const path = '/files/press/chai-tea.jpg'
  await djet.nodes.move('/files/chai-tea.jpg', { parent: '/files/press' })
  const refused = await editor.post(`${path}/-/replace`, replacement('tea.pdf', Buffer.from('%PDF-1.7')))
  expect([refused.status, refused.text]).toEqual([
    422,
    expect.stringContaining('tea.pdf is none: pages that show it would be broken'),
  ])
  const small = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#0f0' } })
    .png()
    .toBuffer()
  expect((await editor.post(`${path}/-/replace`, replacement('small.png', small))).status).toBe(303)
  const { width } = await sharp((await pixels(`${path}/-/image/640`)).bytes).metadata()
  expect(width).toBe(40)
  await djet.nodes.restore(path, 2)
  await site.app.catchUp()
  expect((await sharp((await pixels(`${path}/-/image/640`)).bytes).metadata()).width).toBe(640)
})

test('pickers get folders and files in pages', async () => {
  for (const name of ['b.txt', 'c.txt']) await editor.post('/files/-/upload', form([name, name]))
  const all = await editor.json<{ files: { name: string }[]; folders: { name: string }[] }>('/files/-/pick')
  expect(all.files.map(({ name }) => name)).toEqual(['c.txt', 'b.txt', 'page.html', 'drawing.svg'])
  expect(all.folders.map(({ name }) => name)).toEqual(['Press', 'Secret'])
  const images = await editor.json<{ files: { name: string; width: number }[] }>('/files/-/pick?kind=image')
  expect(images.files).toMatchObject([{ name: 'drawing.svg', width: 20 }])
  expect((await editor.get('/files/press/-/pick')).text).toMatch(
    /data-pick-id="\d+" data-pick-name="Chai tea.JPG"/,
  )
})

test('the editor of formatted text finds images, by addresses that stay when an image is replaced', async () => {
  const name = 'Harbour.jpg'
  await editor.post('/files/-/upload', form([name, await photo()]), {
    headers: { accept: 'application/json' },
  })
  const found = (await editor.get('/-/images?q=harb')).json<{ items: { url: string; thumbnail: string }[] }>()
  expect(found).toMatchObject({ searches: true, items: [{ alt: '' }] })
  expect(found.items[0]!.url).not.toContain('?')
  expect((await editor.get('/-/images')).json<{ items: object[] }>().items.length).toBe(3)
  expect((await pixels(found.items[0]!.url)).status).toBe(200)
  expect((await guest.get('/-/images?q=harb', { accept: 'application/json' })).status).toBe(401)
})

test('what somebody else deletes meanwhile is told, and nothing is left of what was sent', async () => {
  const { djet, app } = site
  const { id } = await djet.files.write({ name: 'late.txt', type: 'text/plain', content: 'late' })
  const gone = await djet.nodes.insert('/files', { basetype: 'folder', name: 'Gone' })
  await djet.nodes.trash(gone)
  const late = addFile(djet, { folder: gone, file: (await djet.files.get(id))! })
  await expect(late).rejects.toMatchObject({ code: 'NODE_NOT_FOUND', status: 404 })
  expect(await count(`djet.file where id = '${id}' and kept`)).toBe(0)

  // An image whose file goes while it is being made.
  const path = '/files/harbour.jpg'
  const asked = pixels(`${path}/-/image/320/4x3`)
  const node = await djet.nodes.require(path)
  await djet.files.delete(String(node.data.file))
  expect([200, 404]).toContain((await asked).status)
  await djet.nodes.delete(path)
  await app.catchUp()
  expect(await count(`files.variant where ratio = '4:3'`)).toBe(0)
  expect((await guest.get(`${path}/-/image/320`)).status).toBe(404)
})

describe('files in a bucket', () => {
  test('are read in parts, and large ones are sent in parts', async () => {
    const { djet } = site
    const large = Buffer.alloc(6 * 1024 * 1024, 'abcdefgh')
    const { id, size } = await djet.files.write({ name: 'large.txt', type: 'text/plain', content: large })
    expect([size, s3.objects.get(`djet/site/${id}`)?.length, s3.open.size]).toEqual([
      large.length,
      large.length,
      0,
    ])
    const part = await djet.files.read(id, { start: 5 * 1024 * 1024 + 1, end: 5 * 1024 * 1024 + 4 })
    expect((await part.toArray()).join('')).toBe('bcde')
    const tooLarge = djet.files.write({ name: 'x', type: 'text/plain', content: large, maxSize: 1000 })
    await expect(tooLarge).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' })
    await djet.files.delete(id)
  })

  test('leave nothing behind when a transaction is rolled back, or when they are deleted', async () => {
    const { djet } = site
    await expect(
      djet.transaction(async (djet) => {
        await djet.files.write({ name: 'lost.txt', type: 'text/plain', content: 'lost' })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await djet.nodes.delete('/files/press')
    await djet.query("update djet.file set released = now() - interval '2 days' where released is not null")
    await site.tidy()
    expect(await count('files.variant')).toBe(0)
    await djet.query("update djet.file_object_removal set due = now() - interval '1 minute'")
    await site.tidy()
    const left = await djet.query<{ id: string }>('select id from djet.file')
    expect(new Set(s3.objects.keys())).toEqual(new Set(left.map(({ id }) => `djet/site/${id}`)))
  })

  test('that cannot be reached are told as such', async () => {
    s3.failWith = 500
    const answer = await guest.get('/files/drawing.svg/-/file/file', { accept: 'application/json' })
    s3.failWith = undefined
    expect([answer.status, answer.json<{ error: { code: string } }>().error.code]).toEqual([
      503,
      'FILE_STORE_AWAY',
    ])
  })
})
