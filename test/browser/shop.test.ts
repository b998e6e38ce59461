import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Demo, logIn, noBrowser } from './browser.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

describe.skipIf(noBrowser('test/browser/shop.test.ts'))('the demo site in a browser', () => {
  let demo: Demo
  beforeAll(async () => {
    demo = await Demo.open()
  })
  afterAll(() => demo?.close())

  test('leads a visitor from home to a product and back by menu and breadcrumbs', async () => {
    const visitor = await demo.visitor()
    const { page } = visitor
    await page.goto('/')
    expect(await visitor.heading()).toBe('Northwind Traders')
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Products' }).click()
    await page.waitForURL('/products')
    await page.getByRole('link', { name: 'Dairy Products' }).click()
    await page.getByRole('link', { name: 'Queso Cabrales' }).click()
    await page.waitForURL('/products/dairy-products/queso-cabrales')
    expect(await visitor.heading()).toContain('Queso Cabrales')
    await visitor.checkPage()
    const crumbs = page.getByRole('navigation', { name: 'Breadcrumbs' })
    expect((await crumbs.getByRole('listitem').allInnerTexts()).map((text) => text.trim())).toEqual([
      'Home',
      'Products',
      'Dairy Products',
      'Queso Cabrales',
    ])
    await crumbs.getByRole('link', { name: 'Products', exact: true }).click()
    await page.waitForURL('/products')
    await visitor.checkPage()
  })

  test('shows a visitor no link to what he may not see', async () => {
    const { page } = await demo.visitor()
    await page.goto('/')
    const menu = page.getByRole('navigation', { name: 'Main' })
    expect(await menu.getByRole('link').allInnerTexts()).toEqual(['Products'])
  })

  test('sends a visitor of the orders to the login and from there to the orders', async () => {
    const visitor = await demo.visitor()
    const { page } = visitor
    await page.goto('/orders?state=open')
    expect(new URL(page.url()).pathname).toBe('/login')
    await visitor.checkPage()
    await logIn(page, 'wrong-password')
    await page.getByText('does not fit this login').waitFor()
    expect(await page.getByLabel('Login').inputValue()).toBe('admin')
    await logIn(page)
    await page.waitForURL('/orders?state=open')
    await page.getByText('Welcome, Administrator.').waitFor()
    await visitor.checkPage()
    await page.reload()
    expect(await page.getByText('Welcome, Administrator.').count()).toBe(0)
  })

  test('lets staff filter the orders, page through them and open one', async () => {
    const staff = await demo.staff()
    const { page } = staff
    await page.goto('/orders')
    const figure = (name: string) =>
      page.locator('.figures div', { hasText: name }).locator('dd').first().textContent()
    expect(await figure('Orders')).toBe('830')
    const first = await page.locator('tbody tr td:first-child').allInnerTexts()
    await page.getByRole('link', { name: 'Next page' }).click()
    await page.waitForURL(/before=/)
    const second = await page.locator('tbody tr td:first-child').allInnerTexts()
    expect(second.some((order) => first.includes(order))).toBe(false)
    await page.getByLabel('State').selectOption('open')
    await page.waitForURL(/state=open/)
    expect(await figure('Orders')).toBe('21')
    await page.getByLabel('State').selectOption('')
    await page.getByLabel('Customer').fill('VINET')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.waitForURL(/customer=VINET/)
    await staff.checkPage()
    await page.goto('/orders/10248')
    const amounts = await page.locator('tfoot td').allInnerTexts()
    expect(amounts).toEqual(['440.00', '32.38', '472.38'])
    expect(await page.locator('tbody tr').count()).toBe(3)
    await staff.checkPage()
  })

  test('lets an editor make a mistake on a page and then get it right', async () => {
    const staff = await demo.staff()
    const { page } = staff
    await page.goto('/products/beverages/chai')
    await page.getByRole('link', { name: 'Edit' }).click()
    const bold = await page.evaluate<string>(
      "getComputedStyle(document.querySelector('.field.required label')).fontWeight",
    )
    expect(Number(bold)).toBeGreaterThanOrEqual(600)
    await page.getByText('Fields in bold are mandatory.').waitFor()
    await page.getByLabel('Price').fill('cheap')
    await page.getByLabel('Title').fill('Chai, the best')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Nothing has been saved.').waitFor()
    expect(await page.locator('.field.invalid').count()).toBe(1)
    expect(await page.getByLabel('Price').inputValue()).toBe('cheap')
    expect(await page.getByLabel('Title').inputValue()).toBe('Chai, the best')
    await staff.checkPage()
    await page.getByLabel('Price').fill('18.50')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.waitForURL('/products/beverages/chai')
    expect(await staff.heading()).toContain('Chai, the best')
    expect(await page.getByRole('main').textContent()).toContain('18.50')
  })

  test('logs out who wants to', async () => {
    const staff = await demo.staff()
    const { page } = staff
    await page.goto('/orders')
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.waitForURL('/')
    await page.getByText('You are logged out.').waitFor()
    await page.goto('/orders')
    expect(new URL(page.url()).pathname).toBe('/login')
    expect(staff.complaints).toEqual([])
  })

  test('fits a phone, page by page', async () => {
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
    const staff = await demo.staff(phone)
    const pages = [
      '/',
      '/products',
      '/products/beverages',
      '/products/beverages/chai',
      '/products/beverages/chai/-/edit',
      '/customers',
      '/customers/ALFKI',
      '/orders',
      '/orders/10248',
      '/orders/import',
      '/jobs',
      '/users',
      '/users/admin',
      '/login',
      '/nowhere',
    ]
    for (const path of pages) {
      await staff.page.goto(path)
      await staff.checkPage()
    }
  })
})
