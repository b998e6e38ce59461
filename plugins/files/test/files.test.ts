import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defineBasetype, definePlugin, field, page, type User } from '../../../core/index.ts'
import { type S3Server, startS3 } from '../../../test/s3-server.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { addUser, changePassword, users } from '../../users/index.ts'
import { addFile, countUses, files, listUses } from '../index.ts'
import { followFields } from '../model/follow-fields.ts'
import { bomb, photo, SVG } from './images.ts'

const PASSWORD = 'quiet-river-5'

/** A page with an image of the library. */
const article = defineBasetype({
  name: 'article',
  title: 'Article',
  template: 'article.eta',
  fields: {
    image: field.node({ basetypes: ['file'] }),
    body: field.html(),
    other: field.node({ basetypes: ['page'] }),
    lines: field.group({ fields: { photo: field.node({ basetypes: ['file'] }), text: field.html() } }),
    sheet: field.file(),
    extra: field.structured(),
    more: field.link(),
  },
})
const press = definePlugin(() => ({
  name: 'press',
  basetypes: [article],
  folder: new URL('press/', import.meta.url),
}))

let s3: S3Server
let site: TestSite
let guest: Visitor
let boss: Visitor
let editor: Visitor
beforeAll(async () => {
  s3 = await startS3()
  process.env.AWS_ACCESS_KEY_ID = 'test'
  process.env.AWS_SECRET_ACCESS_KEY = 'test-secret'
  site = await createTestSite({
    plugins: [users(), files({ widths: [160, 320, 640], atOnce: 2 }), press()],
    config: {
      files: { store: 's3', bucket: 'djet', endpoint: s3.url, forcePathStyle: true, prefix: 'site/' },
    },
  })
  const { djet } = site
  await changePassword(djet, { login: 'admin', password: PASSWORD })
  await addUser(djet, { login: 'maria', password: PASSWORD, roles: ['staff'] })
  await djet.nodes.update('/files', { acl: { staff: ['view', 'edit'] } })
  guest = await site.visitor()
  boss = await (await site.visitor()).login('admin', PASSWORD)
  editor = await (await site.visitor()).login('maria', PASSWORD)
})
afterAll(async () => {
  await site?.close()
  await s3?.close()
})

const form = (...contents: [name: string, content: string | Uint8Array][]): FormData => {
  const data = new FormData()
  for (const [name, content] of contents)
    data.append('files', new Blob([content as Uint8Array<ArrayBuffer>]), name)
  return data
}
const replacement = (name: string, content: Uint8Array): FormData => {
  const data = new FormData()
  data.append('file', new Blob([content as Uint8Array<ArrayBuffer>]), name)
  return data
}
const pixels = async (
  path: string,
  accept = '',
): Promise<{ bytes: Buffer; headers: Headers; status: number }> => {
  const response = await fetch(guest.base + path, { headers: { accept } })
  return {
    bytes: Buffer.from(await response.arrayBuffer()),
    headers: response.headers,
    status: response.status,
  }
}
const count = async (table: string): Promise<number> =>
  (await site.djet.query<{ n: number }>(`select count(*) as n from ${table}`))[0]!.n

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
})

test('where a file is used is known, whatever refers to it, and said before it is deleted', async () => {
  const { djet } = site
  const { id } = await djet.nodes.require('/files/chai-tea.jpg')
  const insert = (name: string, data: object) =>
    djet.nodes.insert('/', { basetype: article, name, data: { ...data } })
  const byField = await insert('By field', { image: id, other: (await djet.nodes.require('/')).id })
  await insert('By address', { body: '<p><img src="/files/chai-tea.jpg/-/image/320?v=1" alt=""></p>' })
  const linked = await djet.nodes.insert('/', {
    basetype: page,
    name: 'Linked',
    data: { body: '<a href="/files/chai%2Dtea.jpg">tea</a>' },
  })
  await insert('In rows', { lines: [{ photo: id }] })
  await insert('Not at all', { body: '<p>/files/chai-tea.jpg</p>' })
  const names = async () => (await listUses(djet, id)).items.map(({ node }) => node.name)
  expect(await names()).toEqual(['By field', 'By address', 'Linked', 'In rows'])
  expect((await listUses(djet, id, { limit: 2 })).next).not.toBeNull()
  const shown = (await guest.get('/by-field')).text
  expect(shown).toMatch(
    /<img src="\/files\/chai-tea\.jpg\/-\/image\/320\/16x9\?v=[0-9a-f]{12}-100\.0" srcset="[^"]* 160w, [^"]* 320w, [^"]* 640w" sizes="50vw" alt="Tea on a tray" width="640" height="360" loading="lazy"/,
  )

  const question = await boss.get('/files/chai-tea.jpg/-/delete')
  expect(question.text).toContain('4 pages use it.')
  await djet.nodes.trash(byField)
  await djet.nodes.update(linked, { data: { body: '' } })
  await djet.nodes.trash('/in-rows')
  await djet.nodes.move(id, { parent: '/files/press' })
  expect(await names()).toEqual(['By address'])
  expect((await boss.get('/files/press/chai-tea.jpg')).text).toContain('One page uses it.')
  // An address from before the move is known as well; so is what was there before the plugin was.
  await djet.nodes.update('/by-address', { data: { body: '<a href="/files/chai-tea.jpg">tea</a>' } })
  expect(await names()).toEqual(['By address'])
  await djet.query('delete from files.use')
  await djet.query('delete from files.field')
  await followFields(site.app)
  expect(await names()).toEqual(['By address'])
  expect((await boss.get('/files/press/-/delete')).text).toContain('One file in it is in use.')
})

test('a use is known in a draft, in structured data, in a link, by content, and when its file comes later', async () => {
  const { djet } = site
  await editor.post('/files/-/upload', form(['Plan.txt', 'a plan']))
  const plan = await djet.nodes.require('/files/plan.txt')
  const uses = async (user?: User | null) => {
    const seen = user === undefined ? djet : site.app.scope({ user })
    return (await listUses(seen, plan.id)).items.map(({ node, fields, inDraft, keepsContent }) =>
      [node.name, ...fields, inDraft ? 'draft' : '', keepsContent ? 'keeps' : ''].filter(Boolean).join(' '),
    )
  }
  const insert = (name: string, data: object, parent = '/') =>
    djet.nodes.insert(parent, { basetype: article, name, data: { ...data } })
  const house = await insert('House', {})
  await insert('Tree', { extra: { plans: [{ at: '/files/plan.txt/-/download', count: plan.id }] } }, '/house')
  await insert('Link', { more: '/files/plan.txt?v=2' }, '/house')
  await insert('Cell', { lines: [{ text: 'a' }, { text: '<a href="/files/plan.txt">b</a>' }] }, '/house')
  await insert('Held', { sheet: plan.data.file }, '/house')
  await insert('Number', { extra: [plan.id] }, '/house')
  const known = ['Tree extra', 'Link more', 'Cell lines.text', 'Held sheet keeps']
  expect(await uses()).toEqual(known)

  // A draft is told to those who may edit it, until it is published, taken back, or another one.
  const guests = await uses(null)
  await djet.nodes.saveDraft(house, { data: { body: '<p><a href="/files/plan.txt">plan</a></p>' } })
  expect(await uses()).toEqual(['House body draft', ...known])
  expect(await uses(null)).toEqual(guests)
  expect((await boss.get('/files/plan.txt')).text).toMatch(
    /House<\/a> <span[^>]*>\/house<\/span> <span[^>]*>In a draft</,
  )
  await djet.nodes.saveDraft(house, { data: { image: plan.id } })
  await djet.nodes.publish(house)
  expect((await uses())[0]).toBe('House body image')
  await djet.nodes.saveDraft(house, { data: { image: null, body: '' } })
  await djet.nodes.discardDraft(house)
  expect((await uses())[0]).toBe('House body image')
  await djet.nodes.restore(house, 1)
  expect(await uses()).toEqual(known)

  // The file away, its pages saved meanwhile, the file back; and another one at its address.
  const { id: trashed } = await djet.nodes.trash(plan)
  await djet.nodes.update('/house/link', { title: 'Changed' })
  await djet.nodes.update('/house/tree', { data: { extra: ['see <a href="/files/plan.txt">it</a>'] } })
  const all = await djet.nodes.trash('/house')
  await djet.nodes.restoreTrash(trashed)
  expect([await uses(), await countUses(djet, plan.id)]).toEqual([[], 0])
  await djet.nodes.restoreTrash(all.id)
  expect(await uses()).toEqual(known)
  await djet.nodes.move(plan, { parent: '/files/press' })
  expect((await boss.get('/files/press/-/delete')).text).toContain('2 files in it are in use.')
  expect((await boss.get('/house/-/delete')).text).not.toContain('in use')
  expect(await uses()).toEqual(known)
  await editor.post('/files/-/upload', form(['Plan.txt', 'another plan']))
  expect(await uses()).toEqual(['Held sheet keeps'])
  await djet.nodes.addRedirect({ from: '/plans', to: plan.id })
  await djet.nodes.update('/house/link', { data: { more: '/old-plan' } })
  await djet.nodes.addRedirect({ from: '/old-plan', to: plan.id })
  expect(await uses()).toEqual(['Link more', 'Held sheet keeps'])

  // What was there before the plugin was, and in the trash.
  await djet.nodes.saveDraft(house, { data: { image: plan.id } })
  const { id: gone } = await djet.nodes.trash('/house/held')
  await djet.query('delete from files.use')
  await djet.query('delete from files.name')
  await djet.query('update files.field set looked_at = 0')
  await followFields(site.app)
  await djet.nodes.restoreTrash(gone)
  expect(await uses()).toEqual(['House image draft', 'Link more', 'Held sheet keeps'])
  await djet.nodes.delete('/house')
  await djet.nodes.delete('/files/plan.txt')
})

test('a file is replaced at its address, and the one before comes back from its versions', async () => {
  const { djet } = site
  const path = '/files/press/chai-tea.jpg'
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
