import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createAccount, definePlugin, z } from '../../core/index.ts'
import { defineJob, jobmachine, publicTaskUrl, send } from '../../plugins/jobmachine/index.ts'
import { users } from '../../plugins/users/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import { CHROMIUM, noBrowser, Watched } from './browser.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 })

const party = defineJob('office.party', () => {}, {
  label: 'Plan a party',
  description: 'Orders what is needed and writes to the guests.',
  params: z.object({
    title: z.string().min(3).max(40).describe('Stands on the invitation'),
    day: z.iso.date(),
    kind: z.enum(['garden', 'office', 'boat']),
    guests: z.array(z.email()).min(1).describe('Their addresses'),
    budget: z.number().min(10).multipleOf(0.5).default(100),
    music: z.array(z.enum(['jazz', 'rock'])).default(['jazz']),
    surprise: z.boolean(),
    food: z
      .array(z.object({ dish: z.string().max(20), plates: z.int().min(1).default(4), hot: z.boolean() }))
      .min(1),
    place: z.object({ street: z.string(), town: z.string() }).optional(),
    card: z
      .string()
      .optional()
      .meta({ widget: 'file', accept: ['image/*'], maxSize: 100_000 }),
    extra: z.record(z.string(), z.int()).default({}),
  }),
  title: ({ title }) => title,
  start: ['staff'],
})
const office = definePlugin(() => ({ name: 'office', requires: ['jobmachine'], jobs: [party] }))

describe.skipIf(noBrowser('test/browser/start.test.ts'))('starting a task in a browser', () => {
  let site: TestSite
  let browser: Browser
  let base: string
  beforeAll(async () => {
    site = await createTestSite({ plugins: [users(), jobmachine({ threads: 0 }), office()] })
    for (const [login, ...roles] of [['anna', 'staff'], ['carl']] as [string, ...string[]][]) {
      await createAccount(site.djet, { login, name: 'Anna', password: 'a long password 7', roles })
    }
    base = (await site.visitor()).base
    browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  const open = async (
    options: { login?: string; width?: number; script?: boolean } = {},
  ): Promise<Watched> => {
    const context = await browser.newContext({
      baseURL: base,
      viewport: { width: options.width ?? 1280, height: 900 },
      javaScriptEnabled: options.script ?? true,
    })
    context.setDefaultTimeout(10_000)
    const watched = new Watched(await context.newPage())
    if (options.login) {
      await watched.page.goto('/login')
      await watched.page.getByLabel('Login').fill(options.login)
      await watched.page.getByLabel('Password').fill('a long password 7')
      await watched.page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
      await watched.page.waitForURL('/')
    }
    return watched
  }
  /** What every page keeps to, and no barrier for anybody. */
  const check = async (watched: Watched): Promise<void> => {
    await watched.checkPage()
    expect(await watched.barriers()).toEqual([])
  }
  const picture = async (page: Page, name: string): Promise<void> => {
    const folder = process.env.DJET_PICTURES
    if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
  }
  const fill = async (page: Page): Promise<void> => {
    await page.getByLabel('Title', { exact: true }).first().fill('Summer party')
    await page.getByLabel('Day').fill('2031-06-21')
    await page.getByLabel('Kind').selectOption('boat')
    await page.getByLabel('Guests').fill('ann@example.com\nbob@example.com')
    await page.getByLabel('rock').check()
  }
  const lastTask = async () => {
    const [row] = await site.djet.query<{ id: number; parameters: string }>(
      'select task_id as id, parameters from jobmachine.task order by task_id desc limit 1',
    )
    return row!
  }

  test.each([1280, 390])('from the jobs page, with rows added in place (%i pixels wide)', async (width) => {
    const staff = await open({ login: 'anna', width })
    const { page } = staff
    await page.goto('/jobs')
    await page.getByRole('link', { name: 'Start a task' }).click()
    await page.waitForURL('/jobs/start')
    await check(staff)
    await picture(page, `start-list-${width}`)
    await page.getByRole('link', { name: 'Plan a party' }).click()
    await page.waitForURL('/jobs/start/office.party')
    await check(staff)
    await picture(page, `start-form-${width}`)
    await fill(page)
    const rows = page.locator('[data-start-row]')
    await page.getByLabel('Dish').fill('Soup')
    await page.getByRole('button', { name: 'Add a row' }).click()
    await expect.poll(() => rows.count()).toBe(2)
    // The new row is where one goes on typing, and what was typed is still there.
    expect(await page.evaluate('document.activeElement.name')).toBe('params/food/1/dish')
    await page.keyboard.type('Cake')
    expect(await page.getByLabel('Dish').first().inputValue()).toBe('Soup')
    expect(await page.getByLabel('Guests').inputValue()).toBe('ann@example.com\nbob@example.com')
    await page.getByRole('button', { name: 'Add a row' }).click()
    await expect.poll(() => rows.count()).toBe(3)
    await page.getByRole('button', { name: 'Remove row 1 of Food' }).click()
    await expect.poll(() => rows.count()).toBe(2)
    expect(await page.getByLabel('Dish').first().inputValue()).toBe('Cake')
    await page.getByLabel('Street').fill('Harbour 1')
    await picture(page, `start-filled-${width}`)
    // Enter sends the form, it does not press the first button of a row.
    await page.getByLabel('Title', { exact: true }).first().press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('Town must be filled in')
    await check(staff)
    await picture(page, `start-errors-${width}`)
    await page.getByLabel('Town').fill('Aarhus')
    await page.getByLabel('Card').setInputFiles({
      name: 'card.png',
      mimeType: 'image/png',
      // Its first bytes are those of a PNG: what a file is told by its content.
      buffer: Buffer.concat([
        Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
        Buffer.alloc(1984, 'x'),
      ]),
    })
    await page.getByRole('button', { name: 'Send' }).last().click()
    await page.waitForURL(/\/jobs\/task\/\d+$/)
    await check(staff)
    const { id, parameters } = await lastTask()
    const params = JSON.parse(parameters) as Record<string, unknown>
    expect(params).toEqual({
      title: 'Summer party',
      day: '2031-06-21',
      kind: 'boat',
      guests: ['ann@example.com', 'bob@example.com'],
      budget: 100,
      music: ['jazz', 'rock'],
      surprise: false,
      food: [{ dish: 'Cake', plates: 4, hot: false }],
      place: { street: 'Harbour 1', town: 'Aarhus' },
      card: expect.stringMatching(/^[0-9a-f-]{36}$/),
      extra: {},
    })
    await page.getByRole('link', { name: 'Start another like it' }).click()
    await page.waitForURL(`/jobs/start/office.party?from=${id}`)
    expect(await page.getByLabel('Dish').first().inputValue()).toBe('Cake')
  })

  test('without JavaScript', async () => {
    const { page } = await open({ login: 'anna', script: false })
    await page.goto('/jobs/start/office.party')
    await fill(page)
    await page.getByLabel('Dish').fill('Soup')
    await page.getByRole('button', { name: 'Add a row' }).click()
    await page.getByLabel('Dish').nth(1).fill('Cake')
    await page.getByRole('button', { name: 'Remove row 1 of Food' }).click()
    await page.getByRole('button', { name: 'Send' }).last().click()
    await page.waitForURL(/\/jobs\/task\/\d+$/)
    expect(JSON.parse((await lastTask()).parameters)).toMatchObject({
      food: [{ dish: 'Cake' }],
      kind: 'boat',
    })
  })

  test.each([1280, 390])(
    'shows people their own task, and guests with the link (%i pixels wide)',
    async (width) => {
      const [carl] = await site.djet.query<{ id: number; login: string; name: string; roles: string[] }>(
        "select id, login, name, roles from djet.account where login = 'carl'",
      )
      const djet = site.app.scope({ user: carl!, system: true })
      const params = {
        title: 'Small party',
        day: '2031-01-01',
        kind: 'office',
        guests: ['a@example.com'],
        surprise: true,
        food: [{ dish: 'Soup', hot: true }],
      } as const
      const { id } = await send(djet, party, {
        ...params,
        guests: [...params.guests],
        food: [...params.food],
      })
      await djet.query(
        'update jobmachine.task set started = now(), status = 100, attempt = 1 where task_id = $1',
        [id],
      )
      await djet.query(
        `insert into jobmachine.progress (task_id, done, total, note) values ($1, 3, 4, 'cake')`,
        [id],
      )
      await djet.query(
        `insert into jobmachine.result (task_id, result) values ($1, '{"data":{"plates":4,"cost":"99.50"}}')`,
        [id],
      )
      const own = await open({ login: 'carl', width })
      await own.page.goto(`/jobs/task/${id}`)
      expect(await own.heading()).toBe('Small party')
      await check(own)
      await picture(own.page, `own-${width}`)
      const guest = await open({ width })
      await guest.page.goto(await publicTaskUrl(site.djet, id))
      expect(await guest.heading()).toBe('Small party')
      expect(await guest.page.getByRole('button', { name: 'Cancel' }).count()).toBe(0)
      await check(guest)
      await picture(guest.page, `guest-${width}`)
      // Both follow it: what one does the other sees without loading the page again.
      own.page.once('dialog', (dialog) => void dialog.accept())
      await own.page.getByRole('button', { name: 'Cancel' }).click()
      await own.page.getByText('The task is cancelled').waitFor()
      await site.djet.query(`update jobmachine.task set status = 900, finished = now() where task_id = $1`, [
        id,
      ])
      await guest.page.locator('[data-status]', { hasText: 'It was cancelled.' }).waitFor()
      await check(guest)
    },
  )
})
