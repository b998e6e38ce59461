import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Demo, noBrowser, type Watched } from './browser.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 })

const sample = (name: string) => fileURLToPath(new URL(`../../sample/northwind/${name}`, import.meta.url))

describe.skipIf(noBrowser('test/browser/jobs.test.ts'))('background work in a browser', () => {
  let demo: Demo
  let staff: Watched
  let page: Page
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'djet-upload-'))
    demo = await Demo.open()
    staff = await demo.staff()
    page = staff.page
  })
  afterAll(async () => {
    await demo?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Sends the form of orders and waits for the end of its task. */
  async function importOrders(orders: string, details: string): Promise<string> {
    await page.goto('/orders/import')
    await page.getByLabel('Orders', { exact: true }).setInputFiles(orders)
    await page.getByLabel('Order lines').setInputFiles(details)
    await page.getByRole('button', { name: 'Import orders' }).click()
    await page.waitForURL(/\/jobs\/task\/\d+$/)
    await finished()
    return (await page.getByRole('main').textContent()) ?? ''
  }

  /** The page follows the task by itself. */
  async function finished(): Promise<void> {
    await page.locator('[data-status]', { hasText: 'finished' }).waitFor({ timeout: 60_000 })
    await page.getByRole('heading', { name: 'Results' }).waitFor()
  }

  /** Clicks a link and gives the text of the file that comes. */
  async function download(name: RegExp): Promise<{ name: string; text: string }> {
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name }).click(),
    ])
    return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'latin1') }
  }

  test('imports the sample again, follows the task to its end, and says that nothing changed', async () => {
    const text = await importOrders(sample('orders.csv'), sample('order_details.csv'))
    expect(text).toMatch(/unchanged\s*830/)
    expect(text).toContain('Nothing changed: 830 orders already there, as in the files.')
    await staff.checkPage()
    await page.goto('/orders/import')
    expect(await page.getByRole('main').getByRole('link', { name: 'orders.csv' }).count()).toBeGreaterThan(0)
  })

  test('imports a copy with one bad row but for that row, which a report names', async () => {
    const orders = (await readFile(sample('orders.csv'), 'utf8')).replace(
      '10250,HANAR,4,1996-07-08',
      '10250,HANAR,4,1996-02-30',
    )
    await writeFile(join(folder, 'orders.csv'), orders)
    const text = await importOrders(join(folder, 'orders.csv'), sample('order_details.csv'))
    expect(text).toMatch(/unchanged\s*829/)
    const { name, text: report } = await download(/\.csv$/)
    expect(name).toMatch(/\.csv$/)
    expect(report).toContain('10250')
    expect(report).toContain('1996-02-30')
    await staff.checkPage()
  })

  test('says at its field that a file has not the right columns', async () => {
    await writeFile(join(folder, 'wrong.csv'), 'a,b,c\n1,2,3\n')
    await page.goto('/orders/import')
    await page.getByLabel('Orders', { exact: true }).setInputFiles(join(folder, 'wrong.csv'))
    await page.getByLabel('Order lines').setInputFiles(sample('order_details.csv'))
    await page.getByRole('button', { name: 'Import orders' }).click()
    await page.getByText('Nothing was imported.').waitFor()
    expect(await page.locator('.field.invalid').count()).toBe(1)
    await staff.checkPage()
  })

  test('makes an invoice in the background, a PDF to be fetched from the task', async () => {
    await page.goto('/orders/10248')
    await page.getByRole('button', { name: 'Invoice in background' }).click()
    await page.waitForURL(/\/jobs\/task\/\d+$/)
    await finished()
    // A browser shows it in its own viewer, so it is fetched with the same cookies.
    const link = page.getByRole('link', { name: /\.pdf$/ })
    const answer = await page.request.get((await link.getAttribute('href')) ?? '')
    expect(answer.headers()['content-type']).toBe('application/pdf')
    expect(answer.headers()['content-disposition']).toContain(await link.textContent())
    expect((await answer.body()).toString('latin1')).toMatch(/^%PDF-/)
    await staff.checkPage()
  })

  test('lists the tasks by status and class', async () => {
    await page.goto('/jobs')
    await staff.checkPage()
    await page.getByLabel('Class').selectOption('sales-order.invoice')
    await page.waitForURL(/class=sales-order\.invoice/)
    const classes = await page.locator('tbody td[data-label="Class"]').allTextContents()
    expect(new Set(classes)).toEqual(new Set(['sales-order.invoice']))
    await page
      .getByRole('navigation', { name: 'Status' })
      .getByRole('link', { name: /^failed/ })
      .click()
    await page.waitForURL(/status=failed/)
    await page.getByText('No tasks match.').waitFor()
    await staff.checkPage()
  })
})
