import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Demo, noBrowser, type Watched } from '../../../test/browser/browser.ts'
import { linkIn, MailServer } from '../../../test/mail/mail-server.ts'
import { createTestSite } from '../../../test/site.ts'
import { addUser, changePassword, users } from '../index.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 })

const PASSWORD = 'quiet-river-5'

describe.skipIf(noBrowser('plugins/users/test/journeys.test.ts'))('in a browser', () => {
  let server: MailServer
  let demo: Demo
  beforeAll(async () => {
    server = await MailServer.open()
    const site = await createTestSite({
      plugins: [users({ secondFactor: ['keeper'] })],
      config: {
        site: { title: 'Town library' },
        url: 'https://library.example',
        mail: { from: 'library@library.example', url: server.url },
      },
    })
    await changePassword(site.djet, { login: 'admin', password: PASSWORD })
    await addUser(site.djet, {
      login: 'nancy',
      name: 'Nancy Davolio',
      email: 'nancy@library.example',
      password: PASSWORD,
      roles: ['staff'],
    })
    await addUser(site.djet, { login: 'keeper', password: PASSWORD, roles: ['keeper'] })
    demo = await Demo.open(site)
  })
  afterAll(async () => {
    await demo?.close()
    await server?.close()
  })

  const code = (secret: string, seconds = 0) =>
    new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) }).generate({
      timestamp: Date.now() + seconds * 1000,
    })

  /** What every page keeps to, at the width of a desk and of a phone; a picture of each where SCREENSHOTS says. */
  async function look(visitor: Watched, name: string): Promise<void> {
    for (const width of [390, 1280]) {
      await visitor.page.setViewportSize({ width, height: 800 })
      await visitor.checkPage()
      const folder = process.env.SCREENSHOTS
      if (!folder) continue
      await mkdir(folder, { recursive: true })
      await visitor.page.screenshot({ path: join(folder, `${name}-${width}.png`), fullPage: true })
    }
    expect([name, await visitor.barriers()]).toEqual([name, []])
  }

  async function logIn({ page }: Watched, login: string, password = PASSWORD): Promise<void> {
    await page.goto('/login')
    await page.getByLabel('Login').fill(login)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
  }

  test('somebody sets up a second factor, logs in with it, and without the phone', async () => {
    const visitor = await demo.visitor()
    const { page } = visitor
    await logIn(visitor, 'nancy')
    await page.getByRole('link', { name: 'Nancy Davolio' }).click()
    await page.waitForURL('/account')
    await look(visitor, 'account')
    await page.getByRole('link', { name: 'Set it up' }).click()
    await look(visitor, 'enrol')
    const secret = (await page.locator('code.secret').textContent())!
    await page.getByRole('textbox', { name: 'Code' }).fill('000000')
    await page.getByLabel('Your password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('is not right, or was used already').waitFor()
    await page.getByRole('textbox', { name: 'Code' }).fill(code(secret))
    await page.getByLabel('Your password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('they are not shown again').waitFor()
    await look(visitor, 'codes')
    const codes = await page.locator('.recovery-codes code').allTextContents()
    expect(codes).toHaveLength(10)
    await page.getByRole('link', { name: 'I have kept them' }).click()
    await page.getByText('10 recovery codes are left').waitFor()
    expect((await server.take('nancy@library.example')).text).toContain('the second factor of your login')
    await page.getByRole('link', { name: 'Recovery codes, or another phone' }).click()
    await look(visitor, 'second-factor')

    const phone = await demo.visitor()
    await logIn(phone, 'nancy')
    await phone.page.waitForURL('/login/code')
    await look(phone, 'code')
    await phone.page.getByRole('textbox', { name: 'Code' }).fill(code(secret, 30))
    await phone.page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
    await phone.page.getByText('Welcome, Nancy Davolio.').waitFor()

    const without = await demo.visitor()
    await logIn(without, 'nancy')
    await without.page.getByRole('textbox', { name: 'Code' }).fill(codes[0]!)
    await without.page.keyboard.press('Enter')
    await without.page.getByText('Welcome, Nancy Davolio.').waitFor()
    await without.page.goto('/account')
    await without.page.getByText('9 recovery codes are left').waitFor()
    await without.page.getByRole('button', { name: 'End all others' }).click()
    await without.page.getByText('2 sessions are ended.').waitFor()
    await phone.page.goto('/account')
    await phone.page.waitForURL('/login?return=%2Faccount')
  })

  test('a keeper is made to set one up before he is in', async () => {
    const visitor = await demo.visitor()
    const { page } = visitor
    await logIn(visitor, 'keeper')
    await page.waitForURL('/login/second-factor')
    await look(visitor, 'demanded')
    await page
      .getByRole('textbox', { name: 'Code' })
      .fill(code((await page.locator('code.secret').textContent())!))
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('link', { name: 'I have kept them' }).click()
    await page.getByRole('link', { name: 'keeper' }).click()
    await page.getByRole('link', { name: 'Look after tokens' }).click()
    await page.getByLabel('Name').fill('Nightly export')
    await page.getByRole('checkbox', { name: /^jobs/ }).check()
    await page.getByLabel('Your password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Make token' }).click()
    await page.getByText('it is not shown again').waitFor()
    await look(visitor, 'token')
    await page.getByRole('link', { name: 'I have kept it' }).click()
    await look(visitor, 'tokens')
    page.once('dialog', (dialog) => dialog.accept())
    await page.getByRole('button', { name: 'Revoke the token Nightly export' }).click()
    await page.getByText('The token is revoked.').waitFor()
  })

  test('somebody who forgot his password chooses another by a mail', async () => {
    const visitor = await demo.visitor()
    const { page } = visitor
    await page.goto('/login')
    await look(visitor, 'login')
    await page.getByRole('link', { name: 'Forgot the password?' }).click()
    await look(visitor, 'forgot')
    await page.getByLabel('Login or e-mail address').fill('nancy@library.example')
    await page.getByRole('button', { name: 'Send the link' }).click()
    await page.getByText('a mail with a link is on its way').waitFor()
    await look(visitor, 'sent')
    const link = linkIn(await server.take('nancy@library.example'))
    await page.goto(link)
    await page.waitForURL('/login/link')
    await look(visitor, 'link')
    await page.getByLabel('New password').fill('Nancy-2026!')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByText("must not contain 'nancy'").waitFor()
    await look(visitor, 'link-refused')
    await page.getByLabel('New password').fill('four grey wild geese')
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByText('The password is set. Log in with it.').waitFor()
    await logIn(visitor, 'nancy', 'four grey wild geese')
    await page.waitForURL('/login/code')
    await page.goto(link)
    await page.getByText('This link was used already').waitFor()
    await look(visitor, 'gone')
  })

  test('an administrator invites somebody, who chooses a password and is in', async () => {
    const admin = await demo.visitor()
    const { page } = admin
    await logIn(admin, 'admin')
    await page.getByText('Welcome, Administrator.').waitFor()
    await page.goto('/users')
    await look(admin, 'users')
    await page.getByLabel('Login').fill('janet')
    await page.getByLabel('Name', { exact: true }).fill('Janet Leverling')
    await page.getByRole('button', { name: 'Make user' }).click()
    await page.getByText('is needed for the invitation').waitFor()
    await page.getByLabel('E-mail').fill('janet@library.example')
    await page.getByLabel('Roles').fill('staff')
    await page.getByRole('button', { name: 'Make user' }).click()
    await page.getByText('Janet Leverling is made, and invited by mail.').waitFor()
    await look(admin, 'user-invited')

    const janet = await demo.visitor()
    await janet.page.goto(linkIn(await server.take('janet@library.example')))
    await look(janet, 'invited')
    await janet.page.getByLabel('New password').fill('four grey wild geese')
    await janet.page.getByRole('button', { name: 'Set the password' }).click()
    await janet.page.getByText('The password is set.').waitFor()
    await logIn(janet, 'janet', 'four grey wild geese')
    await janet.page.getByText('Welcome, Janet Leverling.').waitFor()

    await page.goto('/users?q=leverling')
    await page.getByRole('link', { name: 'janet' }).click()
    await look(admin, 'user')
    page.once('dialog', (dialog) => dialog.accept())
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('janet is disabled and logged out everywhere.').waitFor()
    await janet.page.goto('/account')
    await janet.page.waitForURL('/login?return=%2Faccount')
  })

  test('somebody who guesses is told how long to wait', async () => {
    const visitor = await demo.visitor()
    for (let n = 0; n < 11; n++) await logIn(visitor, 'victim', `guess ${n}`)
    await visitor.page.getByText('Too many attempts. Try again in 15 minutes.').waitFor()
    await look(visitor, 'locked')
  })
})
