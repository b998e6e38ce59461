import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Demo, noBrowser, type Watched } from './browser.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 })

describe.skipIf(noBrowser('test/browser/schedules.test.ts'))('schedules in a browser', () => {
  let demo: Demo
  let admin: Watched
  let page: Page

  beforeAll(async () => {
    demo = await Demo.open()
    admin = await demo.staff({ timezoneId: 'Asia/Tokyo' })
    page = admin.page
  })
  afterAll(() => demo?.close())

  test('one is made by its form, which says what is wrong, and shows its times here and there', async () => {
    await page.goto('/jobs')
    await page.getByRole('link', { name: 'Schedules' }).click()
    await page.getByRole('link', { name: 'New schedule' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Every morning')
    await page.getByLabel('Job', { exact: true }).selectOption('jobmachine.echo')
    await page.getByLabel('Parameters', { exact: true }).fill('{ "good": "morning" ')
    await page.getByLabel('When', { exact: true }).fill('30 26 * * *')
    await page.getByLabel('Time zone', { exact: true }).fill('Europe/Rome')
    await page.getByRole('button', { name: 'Make schedule' }).click()

    const alert = page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toContain("hour '26' cannot be read: it takes 0-23")
    await alert.getByRole('link', { name: 'When' }).click()
    const cron = page.getByLabel('When', { exact: true })
    expect(await cron.inputValue()).toBe('30 26 * * *')
    await cron.fill('30 6 * * *')
    await page.getByLabel('Parameters', { exact: true }).fill('{ "good": "morning" }')
    await admin.checkPage()
    await page.getByRole('button', { name: 'Make schedule' }).click()

    await page.getByRole('heading', { name: 'Every morning', level: 1 }).waitFor()
    const times = page.getByRole('region', { name: 'Next times' })
    expect(await times.textContent()).toContain('Your time (Asia/Tokyo)')
    // Rome is 7 hours behind Tokyo in summer, 8 in winter.
    expect(await times.locator('tbody tr').first().textContent()).toMatch(/06:30:00 \+0[12]:00.*1[34]:30:00/)
    expect(await times.locator('tbody tr').count()).toBe(5)
    await admin.checkPage()
  })

  test('it is run, paused, resumed and deleted', async () => {
    await page.getByRole('button', { name: 'Run now' }).click()
    await page.locator('[data-status]', { hasText: 'finished' }).waitFor({ timeout: 60_000 })
    await page.goto('/jobs/schedules')
    const row = page.getByRole('row', { name: /Every morning/ })
    expect(await row.textContent()).toMatch(/At 06:30.*Europe\/Rome.*task \d+.*finished/s)
    await admin.checkPage()

    await row.getByRole('link', { name: 'Every morning' }).click()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('None while it does not run.').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('region', { name: 'Next times' }).waitFor()
    page.once('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByText('There are no schedules yet.').waitFor()
  })

  test('all of it fits on a phone', async () => {
    const phone = await demo.staff({ viewport: { width: 390, height: 800 } })
    for (const path of ['/jobs/schedules', '/jobs/schedules/new']) {
      await phone.page.goto(path)
      await phone.checkPage()
    }
  })
})
