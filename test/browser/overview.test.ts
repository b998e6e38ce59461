import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  cancelTask,
  echo,
  pauseClass,
  resumeClass,
  send,
  sendMany,
  waitFor,
} from '../../plugins/jobmachine/index.ts'
import { Demo, noBrowser, type Watched } from './browser.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 })

describe.skipIf(noBrowser('test/browser/overview.test.ts'))('the jobs page in a browser', () => {
  let demo: Demo
  let staff: Watched
  let page: Page

  beforeAll(async () => {
    demo = await Demo.open()
    staff = await demo.staff()
    page = staff.page
  })
  afterAll(() => demo?.close())

  const figure = (name: string) => page.locator('.figures > div', { hasText: name }).locator('dd')
  const invoices = 'sales-order.invoice'

  /** Tasks that fail at once, since there is no such order. */
  async function failSome(n: number): Promise<void> {
    const { djet } = demo.site
    const sent = await djet.query<{ id: number }>(
      `insert into jobmachine.task (class_id, title, parameters)
       select jobmachine.class_id($1), 'Wrong ' || n, '{"wrong":true}' from generate_series(1, $2::int) n
       returning task_id as id`,
      [invoices, n],
    )
    for (const { id } of sent) await waitFor(djet, id)
  }

  test('brings counts, charts and workers up to date by itself, and keeps the focus', async () => {
    const { djet } = demo.site
    await waitFor(djet, (await send(djet, echo, {})).id)
    await page.goto('/jobs')
    await page.locator('[data-overview][data-live]').waitFor()
    const workers = page.getByRole('region', { name: 'Workers' }).locator('tbody tr')
    await expect.poll(() => workers.count(), { timeout: 20_000 }).toBe(2)
    const before = Number((await figure('finished').textContent())!.trim())
    const pause = page.getByRole('button', { name: `Pause ${echo.name}` })
    await pause.focus()
    await page.getByText('The same as a table').first().click()
    await pause.focus()
    await page.evaluate("window.sameDocument = 'yes'")

    for (const { id } of await sendMany(djet, echo, Array(25).fill({}))) await waitFor(djet, id)
    await expect
      .poll(async () => (await figure('finished').textContent())?.trim(), { timeout: 15_000 })
      .toBe(String(before + 25))
    await failSome(3)
    await expect
      .poll(async () => (await figure('failed').textContent())?.trim(), { timeout: 15_000 })
      .toBe('3')
    expect(await page.evaluate('window.sameDocument')).toBe('yes')
    expect(await page.evaluate('document.activeElement.textContent.replace(/\\s+/g, " ").trim()')).toBe(
      `Pause ${echo.name}`,
    )
    expect(await page.getByRole('region', { name: 'Ended tasks by time' }).isVisible()).toBe(true)
    await staff.checkPage()
    expect(await staff.barriers()).toEqual([])

    // A count is another text each time.
    await figure('finished').getByRole('link').focus()
    await waitFor(djet, (await send(djet, echo, {})).id)
    await expect
      .poll(() => page.evaluate('document.activeElement.textContent'), { timeout: 15_000 })
      .toBe(String(before + 26))

    await page.getByRole('button', { name: 'Stop updates' }).click()
    await page.getByRole('button', { name: 'Resume updates' }).waitFor()
  })

  test('a task page says its end once, and leaves the focus where it was as far as that is there', async () => {
    const { djet } = demo.site
    await pauseClass(djet, echo.name)
    const { url } = await send(djet, echo, {})
    await page.goto(url)
    await page.getByRole('button', { name: 'Cancel' }).focus()
    await resumeClass(djet, echo.name)
    await expect.poll(() => page.getByRole('status').textContent(), { timeout: 15_000 }).toBe('finished')
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1')
    expect(await staff.barriers()).toEqual([])
  })

  test('a task page follows a task that has gone on since the page was made', async () => {
    const { djet } = demo.site
    const { id, url } = await send(djet, echo, {}, { runAfter: '1h' })
    await page.route('**/events', async (route) => {
      await djet.query('update jobmachine.task set status = 100 where task_id = $1', [id])
      await route.continue()
    })
    await page.goto(url)
    await expect.poll(() => page.getByRole('status').textContent(), { timeout: 15_000 }).toBe('running')
    await page.unroute('**/events')
    await cancelTask(djet, id)
    await expect
      .poll(() => page.getByRole('status').first().textContent(), { timeout: 15_000 })
      .toBe('failed')
  })

  test('a class is paused and resumed', async () => {
    await page.goto('/jobs')
    await page.getByRole('button', { name: `Pause ${echo.name}` }).click()
    await page.getByRole('button', { name: `Resume ${echo.name}` }).click()
    await page.getByRole('button', { name: `Pause ${echo.name}` }).waitFor()
  })

  test('ticked tasks are retried', async () => {
    await page.goto(`/jobs?status=failed&class=${invoices}`)
    await page.getByLabel('Tick all tasks of this page').check()
    await page.getByRole('button', { name: 'Retry ticked' }).click()
    await page.getByText('3 tasks again wait for their turn.').waitFor()
    expect(page.url()).toContain(`status=failed&class=${invoices}`)
    await staff.checkPage()
  })

  test('all that match are retried after a question, by a task that shows its result', async () => {
    await failSome(70)
    await page.goto(`/jobs?status=failed&text=Wrong`)
    await page.getByRole('button', { name: 'Retry all that match…' }).click()
    await page.getByRole('heading', { name: 'Retry all tasks that match' }).waitFor()
    expect(await page.locator('.lead').textContent()).toMatch(/Retry 7[0-3] tasks that are failed/)
    await staff.checkPage()
    expect(await staff.barriers()).toEqual([])
    await page.getByRole('button', { name: /^Retry 7\d$/ }).click()
    await page.waitForURL(/\/jobs\/task\/\d+$/)
    await page.locator('[data-status]', { hasText: 'finished' }).waitFor({ timeout: 30_000 })
    await page.getByRole('heading', { name: 'Results' }).waitFor()
    expect(await page.getByRole('main').textContent()).toMatch(/retried\s*7\d/)
    await staff.checkPage()
  })

  test('works without JavaScript and on a phone', async () => {
    const phone = await demo.staff({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } })
    await phone.page.goto('/jobs')
    expect(await phone.page.locator('.figures dd').count()).toBe(5)
    await phone.page.locator('input[name="task"]').first().check()
    await phone.page.getByRole('button', { name: 'Cancel ticked' }).click()
    await phone.page.getByText(/left alone/).waitFor()
  })

  test('a task page of several attempts has no barriers', async () => {
    await page.goto(`/jobs?status=failed&class=${invoices}`)
    await page.locator('tbody a').first().click()
    await page.getByRole('heading', { name: 'Attempts' }).waitFor()
    await page.getByText('Attempt 2', { exact: true }).waitFor()
    await page.setViewportSize({ width: 390, height: 800 })
    await staff.checkPage()
    expect(await staff.barriers()).toEqual([])
  })
})
