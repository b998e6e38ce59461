import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkConfig } from '../../core/config.ts'
import { Mailer } from '../../core/mail/mailer.ts'
import { parseAddress } from '../../core/mail/message.ts'
import { createTestSite } from '../site.ts'
import { MailServer } from './mail-server.ts'

const silent = pino({ level: 'silent' })
const mail = { to: 'maria@example.com', subject: 'Your order', text: 'It is on its way.' }
const mailerTo = (url: string | undefined, timeout = 5000, dir = '/nowhere') =>
  new Mailer({
    config: { dir, site: { title: 'Shop' }, mail: { from: 'shop@example.com', ...(url ? { url } : {}) } },
    log: silent,
    timeout,
  })

describe('a mail', () => {
  let server: MailServer
  let mailer: Mailer
  beforeAll(async () => {
    server = await MailServer.open()
    mailer = mailerTo(server.url)
  })
  afterAll(async () => {
    await mailer.close()
    await server.close()
  })

  test('comes to the mail server with sender, text, HTML and attachment', async () => {
    await mailer.send({
      ...mail,
      to: ['"Anders, Maria" <maria@example.com>', 'second@example.com'],
      replyTo: 'Help <help@example.com>',
      html: '<p>It is on <b>its</b> way.</p>',
      attachments: [{ filename: 'note.txt', content: 'a note', contentType: 'text/plain' }],
    })
    const got = await server.take('maria@example.com')
    expect(got.from).toBe('shop@example.com')
    expect(got.to).toEqual(['maria@example.com', 'second@example.com'])
    expect(got.header('from')).toBe('Shop <shop@example.com>')
    expect(got.header('to')).toBe('"Anders, Maria" <maria@example.com>, second@example.com')
    expect(got.header('reply-to')).toBe('Help <help@example.com>')
    expect(got.header('subject')).toBe('Your order')
    for (const part of ['It is on its way.', '<b>its</b>', 'filename=note.txt'])
      expect(got.text).toContain(part)
  })

  test.each([
    ['a subject of two lines', { subject: 'Hello\r\nBcc: victim@example.com' }],
    ['a subject with a bare line feed', { subject: 'Hello\nX-Header: 1' }],
    ['no subject', { subject: ' ' }],
    ['an address with a header behind it', { to: 'maria@example.com\r\nBcc: victim@example.com' }],
    ['a name with a header in it', { to: 'Maria\nBcc: victim@example.com <maria@example.com>' }],
    ['two addresses in one', { to: 'maria@example.com, victim@example.com' }],
    ['an address that is none', { to: 'maria' }],
    ['no address', { to: [] }],
    ['a thousand addresses', { to: Array.from({ length: 1000 }, (_, n) => `m${n}@example.com`) }],
    ['an answer address of two lines', { replyTo: 'a@example.com\nBcc: b@example.com' }],
    ['a file name of two lines', { attachments: [{ filename: 'a\r\nX: 1', content: '' }] }],
    ['a file type of two lines', { attachments: [{ filename: 'a', contentType: 'x\nY: 1', content: '' }] }],
  ])('with %s is refused and not sent', async (_, change) => {
    const before = server.mails.length
    await expect(mailer.send({ ...mail, ...change })).rejects.toMatchObject({
      code: 'MAIL_INVALID',
      status: 422,
    })
    expect(server.mails.length).toBe(before)
  })

  test('does not read files that an attachment names', async () => {
    const attachment = { filename: 'a.txt', content: 'mine', path: '/etc/passwd', href: 'http://127.0.0.1/' }
    await mailer.send({ ...mail, attachments: [attachment] })
    const got = await server.take('maria@example.com')
    expect(got.raw).toContain(Buffer.from('mine').toString('base64').slice(0, 4))
    expect(got.raw).not.toContain(Buffer.from('root:').toString('base64').slice(0, 6))
  })
})

describe('a mail that cannot be sent says why', () => {
  test('when the server refuses the address', async () => {
    const server = await MailServer.open({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('No such user'), { responseCode: 550 })),
    })
    const mailer = mailerTo(server.url)
    const sending = mailer.send(mail)
    await expect(sending).rejects.toMatchObject({ code: 'MAIL_FAILED', status: 502, expose: true })
    await expect(sending).rejects.toThrow(/maria@example\.com.*550 No such user/)
    await mailer.close()
    await server.close()
  })

  test('when nobody listens', async () => {
    const server = await MailServer.open()
    const { url } = server
    await server.close()
    await expect(mailerTo(url).send(mail)).rejects.toThrow('the mail server cannot be reached')
  })

  test('when the server says nothing, after the timeout', async () => {
    const mute = createServer()
    await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done))
    const { port } = mute.address() as { port: number }
    const mailer = mailerTo(`smtp://me:secret@127.0.0.1:${port}`, 300)
    const begun = Date.now()
    const sending = mailer.send(mail)
    await expect(sending).rejects.toThrow('did not answer within 0.3 seconds')
    await expect(sending).rejects.not.toThrow('secret')
    expect(Date.now() - begun).toBeLessThan(3000)
    mute.close()
  })
})

describe('without a mail server', () => {
  test('a mail is kept as a file that only this user may read', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'djet-mail-'))
    const mailer = mailerTo(undefined, 1000, dir)
    await mailer.send(mail)
    const files = await readdir(join(dir, 'var/mail'))
    expect(files).toHaveLength(1)
    const file = join(dir, 'var/mail', files[0]!)
    expect(file).toMatch(/\.eml$/)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const text = await readFile(file, 'utf8')
    for (const line of ['To: maria@example.com', 'Subject: Your order', 'It is on its way.'])
      expect(text).toContain(line)
    await mailer.close()
    await rm(dir, { recursive: true })
  })
})

describe('a site', () => {
  test('sends by the server of its configuration', async () => {
    const server = await MailServer.open()
    const site = await createTestSite({
      config: {
        site: { title: 'Bücher & Töne' },
        url: 'https://shop.example/',
        mail: { from: 'shop@example.com', url: server.url },
      },
    })
    expect(site.app.config.url).toBe('https://shop.example')
    await site.djet.transaction((djet) => djet.mail.send(mail))
    expect((await server.take('maria@example.com')).header('from')).toMatch(
      /^=\?UTF-8\?Q\?B=C3=BCcher_.*\?= <shop@example\.com>$/,
    )
    await site.close()
    await server.close()
  })

  test.each([
    [{ mail: { from: 'a@example.com', url: 'http://example.com' } }, {}, /'mail\.url'.*smtp:/],
    [{ mail: { from: 'nobody' } }, {}, /'mail\.from'.*must be like/],
    [{ mail: { from: 'a@example.com', url: 'smtp://mail' } }, {}, /option 'url' \(DJET_URL\) is needed/],
    [{ mail: { url: 'smtp://mail' }, url: 'https://a.example' }, {}, /'mail\.from' is needed/],
    [{ mail: { form: 'a@example.com' } }, {}, /Did you mean 'from'/],
    [{ url: 'https://a.example/shop' }, {}, /'url'.*without a path/],
    [{}, { DJET_SMTP_URL: 'mail.example' }, /DJET_SMTP_URL must begin/],
    [{}, { DJET_URL: 'a.example' }, /DJET_URL must be like/],
  ])('with %j and %j is told what is wrong', (config, env, message) => {
    expect(() => checkConfig({ plugins: [], ...config }, '/site', env)).toThrow(message)
  })

  test('takes server and address from the environment', () => {
    const env = { DJET_SMTP_URL: 'smtps://mail.example', DJET_URL: 'https://a.example' }
    expect(checkConfig({ plugins: [], mail: { from: 'a@example.com' } }, '/site', env)).toMatchObject({
      url: 'https://a.example',
      mail: { url: 'smtps://mail.example' },
    })
  })
})

test.each([
  ['a@example.com', { name: '', address: 'a@example.com' }],
  ['Ann B <a@example.com>', { name: 'Ann B', address: 'a@example.com' }],
  ['"B, Ann" <a@example.com>', { name: 'B, Ann', address: 'a@example.com' }],
  ['<a@example.com>', { name: '', address: 'a@example.com' }],
  ['a@example.com <b@example.com> c@example.com', undefined],
  ['a@b', undefined],
  ['', undefined],
])('the address %j is read', (text, found) => {
  expect(parseAddress(text)).toEqual(found)
})
