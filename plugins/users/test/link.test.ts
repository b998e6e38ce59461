import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { linkIn, MailServer } from '../../../test/mail/mail-server.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { addUser, changePassword, setEnabled, users } from '../index.ts'

let server: MailServer
let site: TestSite
let admin: Visitor

beforeAll(async () => {
  server = await MailServer.open()
  site = await createTestSite({
    plugins: [users()],
    config: {
      site: { title: 'Shop' },
      url: 'https://shop.example',
      mail: { from: 'shop@shop.example', url: server.url },
    },
  })
  await changePassword(site.djet, { login: 'admin', password: 'quiet-river-1' })
  admin = await (await site.visitor()).login('admin', 'quiet-river-1')
  for (const login of ['nancy', 'laura', 'robert'])
    await addUser(site.djet, { login, password: 'quiet-river-2', email: `${login}@example.com` })
  await addUser(site.djet, { login: 'silent', password: 'quiet-river-2' })
})
beforeEach(() => {
  server.mails.length = 0
  return site.djet.query('delete from users.attempt').then(() => {})
})
afterAll(async () => {
  await site.close()
  await server.close()
})

const ask = async (who: string) => (await site.visitor()).post('/login/forgot', { login: who })

/** Follows a link as a browser does. */
async function follow(link: string) {
  const visitor = await site.visitor()
  const first = await visitor.get(link)
  return { visitor, first, page: first.location ? await visitor.get(first.location) : first }
}

describe('a forgotten password', () => {
  test('is chosen anew by a link in a mail, which works once and ends all sessions', async () => {
    const before = await (await site.visitor()).login('nancy', 'quiet-river-2')
    expect((await ask('Nancy')).text).toContain('a mail with a link is on its way')
    const mail = await server.take('nancy@example.com')
    expect(mail.header('subject')).toBe('A new password for Shop')
    expect(mail.text).toContain('https://shop.example/login/link/')
    const link = linkIn(mail)
    const { visitor, first, page } = await follow(link)
    expect([first.status, first.location]).toEqual([303, '/login/link'])
    expect(page.text).toContain('Your login is <strong>nancy</strong>')
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.text).not.toContain(link.split('/').at(-1))

    const short = await visitor.post('/login/link', { password: 'short' })
    expect(short.status).toBe(422)
    expect(short.text).toContain('id="password-error">must have at least 10 characters')
    const done = await visitor.post('/login/link', { password: 'a new river 3' })
    expect([done.status, done.location]).toEqual([303, '/login'])
    expect(await before.json('/-/session')).toMatchObject({ user: null })
    expect(await visitor.json('/-/session')).toMatchObject({ user: null })
    await visitor.login('nancy', 'a new river 3')

    expect((await follow(link)).page.status).toBe(410)
    expect((await visitor.post('/login/link', { password: 'yet another 4' })).status).toBe(410)
    await (await site.visitor()).login('nancy', 'a new river 3')
  })

  test('is answered alike for those who exist and those who do not', async () => {
    const strip = (text: string) => text.replace(/name="_csrf" value="[^"]+"/g, '')
    const texts = []
    for (const who of ['laura', 'nobody', 'silent', 'nobody@example.com', "x' or 1=1 --"])
      texts.push(strip((await ask(who)).text))
    expect(new Set(texts).size).toBe(1)
    await server.take('laura@example.com')
    expect(server.mails).toEqual([])
  })

  test('can be asked for by e-mail address; two logins of one address get a mail each', async () => {
    await addUser(site.djet, { login: 'twin', password: 'quiet-river-2', email: 'Robert@Example.com' })
    await ask(' ROBERT@example.com')
    const texts = [await server.take('robert@example.com'), await server.take('Robert@example.com')]
    expect(texts.map(({ text }) => /^ {4}(\w+)/m.exec(text)?.[1]).sort()).toEqual(['robert', 'twin'])
  })

  test('has one link that works, the newest', async () => {
    await ask('laura')
    const first = linkIn(await server.take('laura@example.com'))
    await ask('laura')
    const second = linkIn(await server.take('laura@example.com'))
    expect((await follow(first)).page.status).toBe(410)
    expect((await follow(second)).page.status).toBe(200)
  })

  test("fills nobody's mailbox: three mails, whoever asks", async () => {
    for (let n = 0; n < 6; n++) expect((await ask('laura')).status).toBe(200)
    for (let n = 0; n < 3; n++) await server.take('laura@example.com')
    await ask('robert')
    await server.take('robert@example.com')
    expect(server.mails).toEqual([])
  })

  test('gives no link to one who is disabled, and takes back one that was given', async () => {
    await ask('laura')
    const link = linkIn(await server.take('laura@example.com'))
    await setEnabled(site.djet, { login: 'laura', enabled: false })
    expect((await follow(link)).page.status).toBe(410)
    await ask('laura')
    await ask('robert')
    await server.take('robert@example.com')
    expect(server.mails).toEqual([])
    await setEnabled(site.djet, { login: 'laura', enabled: true })
    expect((await follow(link)).page.status).toBe(410)
  })

  test('has a link that is too old after half an hour', async () => {
    await ask('laura')
    const link = linkIn(await server.take('laura@example.com'))
    const [{ minutes } = { minutes: 0 }] = await site.djet.query<{ minutes: string }>(
      "select round(extract(epoch from expires - now()) / 60) as minutes from users.token where purpose = 'password' order by created desc limit 1",
    )
    expect(Number(minutes)).toBe(30)
    await site.djet.query("update users.token set expires = now() - interval '1 second'")
    expect((await follow(link)).page.status).toBe(410)
  })

  test('has a link that is worth nothing once he has another address, by whatever door it came', async () => {
    await ask('laura')
    const link = linkIn(await server.take('laura@example.com'))
    const { visitor } = await follow(link)
    await admin.post('/users/laura/-/edit', { name: 'laura', email: 'laura@new.example' })
    expect((await visitor.post('/login/link', { password: 'quiet-river-8' })).status).toBe(410)
    expect((await follow(link)).page.status).toBe(410)
    await site.djet.nodes.update('/users/laura', { data: { email: 'laura@example.com' } })
  })

  test('leaves only the hash of the link in the database, and none of it in the log', async () => {
    await ask('laura')
    const token = linkIn(await server.take('laura@example.com'))
      .split('/')
      .at(-1)!
    const rows = await site.djet.query<{ text: string }>(
      'select to_jsonb(t)::text as text from users.token t union all select to_jsonb(a)::text from djet.audit a',
    )
    expect(rows.some(({ text }) => text.includes(token))).toBe(false)
    expect(rows.some(({ text }) => text.includes(Buffer.from(token).toString('hex')))).toBe(false)
    const visitor = await site.visitor()
    await visitor.get(`/login/link/${token}`)
    await visitor.get('/login?written')
    const log = await vi.waitFor(
      async () => {
        const text = await readFile(join(site.app.config.dir, 'var/djet.log'), 'utf8')
        expect(text).toContain('/login?written')
        return text
      },
      { timeout: 5000, interval: 50 },
    )
    expect(log).toContain('"/login/link/…"')
    expect(log).not.toContain(token)
  })

  test('works for one of two who use the link at once', async () => {
    await ask('robert')
    const link = linkIn(await server.take('robert@example.com'))
    const [a, b] = [await follow(link), await follow(link)]
    const answers = await Promise.all([
      a.visitor.post('/login/link', { password: 'first password a' }),
      b.visitor.post('/login/link', { password: 'first password b' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 410])
  })

  test.each(['x', `${'a'.repeat(43)}`, '%00', '..%2f', '%F0%9F%94%91'])('has no link %s', async (token) => {
    const { status } = await (await site.visitor()).get(`/login/link/${token}`)
    expect([404, 410, 400, 301]).toContain(status)
  })

  test('unlocks the account', async () => {
    for (let n = 0; n < 11; n++)
      await (await site.visitor()).post('/login', { login: 'laura', password: 'wrong' })
    await ask('laura')
    const { visitor } = await follow(linkIn(await server.take('laura@example.com')))
    await visitor.post('/login/link', { password: 'quiet-river-9' })
    await visitor.login('laura', 'quiet-river-9')
  })
})

describe('an invitation', () => {
  test('makes a user who chooses his password himself', async () => {
    const answer = await admin.post('/users', {
      login: 'janet',
      name: 'Janet Leverling',
      email: 'janet@example.com',
      roles: 'staff',
      password: '',
    })
    expect([answer.status, answer.location]).toEqual([303, '/users/janet'])
    const page = await admin.get('/users/janet')
    expect(page.text).toContain('Janet Leverling is made, and invited by mail.')
    expect(page.text).toContain('>invited</span>')
    expect((await (await site.visitor()).post('/login', { login: 'janet', password: '' })).status).toBe(422)
    expect((await (await site.visitor()).post('/login', { login: 'janet', password: 'x' })).status).toBe(401)

    const mail = await server.take('janet@example.com')
    expect(mail.text).toContain('Administrator has made you a login at Shop')
    const { visitor, page: form } = await follow(linkIn(mail))
    expect(form.text).toContain('Welcome, Janet Leverling')
    await visitor.post('/login/link', { password: 'my first river' })
    await visitor.login('janet', 'my first river')
    expect(await visitor.json('/-/session')).toMatchObject({ user: { login: 'janet', roles: ['staff'] } })
    expect((await admin.get('/users/janet')).text).not.toContain('>invited</span>')
    expect((await admin.post('/users/janet/invite', {})).status).toBe(409)
  })

  test('is good for seven days, and can be sent again', async () => {
    await admin.post('/users', {
      login: 'anne',
      email: 'anne@example.com',
      roles: '',
      name: '',
      password: '',
    })
    const first = linkIn(await server.take('anne@example.com'))
    const [{ days } = { days: 0 }] = await site.djet.query<{ days: string }>(
      "select round(extract(epoch from expires - now()) / 86400) as days from users.token where purpose = 'invitation'",
    )
    expect(Number(days)).toBe(7)
    expect((await admin.post('/users/anne/invite', {})).status).toBe(303)
    const second = linkIn(await server.take('anne@example.com'))
    expect((await follow(first)).page.status).toBe(410)
    expect((await follow(second)).page.status).toBe(200)
  })

  test('needs an e-mail address', async () => {
    const answer = await admin.post('/users', { login: 'none', email: '', roles: '', name: '', password: '' })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('id="email-error">is needed for the invitation')
    expect((await admin.get('/users/none')).status).toBe(404)
  })

  test('that the mail server refuses leaves the user, and says so', async () => {
    const refusing = await MailServer.open({
      onMailFrom: (_address, _session, done) =>
        done(Object.assign(new Error('Try tomorrow'), { responseCode: 451 })),
    })
    const other = await createTestSite({
      plugins: [users()],
      config: { url: 'https://a.example', mail: { from: 'a@a.example', url: refusing.url } },
    })
    await changePassword(other.djet, { login: 'admin', password: 'quiet-river-1' })
    const boss = await (await other.visitor()).login('admin', 'quiet-river-1')
    await boss.get('/')
    const answer = await boss.post('/users', { login: 'ann', email: 'ann@example.com', password: '' })
    expect([answer.status, answer.location]).toEqual([303, '/users/ann'])
    const page = await boss.get('/users/ann')
    expect(page.text).toContain('451 Try tomorrow')
    expect(page.text).toContain('Send the invitation again')
    await other.close()
    await refusing.close()
  })
})

test('without a mail server the link is found in var/mail, and leads to this machine, whatever host a request claims', async () => {
  const other = await createTestSite({ plugins: [users()], config: { trustProxy: true } })
  await addUser(other.djet, { login: 'nancy', password: 'quiet-river-2', email: 'nancy@example.com' })
  const visitor = await other.visitor()
  const folder = join(other.app.config.dir, 'var/mail')
  const kept = async () => (await readdir(folder).catch(() => [])).sort()
  const linkFor = async (host: string): Promise<string> => {
    const before = (await kept()).length
    await visitor.post('/login/forgot', { login: 'nancy' }, { headers: { 'x-forwarded-host': host } })
    const file = await vi.waitFor(
      async () => {
        const files = await kept()
        expect(files.length).toBe(before + 1)
        return files.at(-1)!
      },
      { timeout: 5000, interval: 50 },
    )
    const mail = await readFile(join(folder, file), 'utf8')
    return /^http\S+$/m.exec(mail.replaceAll('\r', ''))?.[0] ?? ''
  }
  expect(await linkFor('localhost:8080')).toMatch(/^http:\/\/localhost:8080\/login\/link\//)
  expect(await linkFor('localhost:1@evil.example')).toContain(`${visitor.base}/`)
  const link = await linkFor('evil.example')
  expect(link).toMatch(new RegExp(`^${visitor.base}/login/link/[\\w-]{32}$`))
  expect((await visitor.get(link.slice(visitor.base.length))).location).toBe('/login/link')
  await other.close()
})
