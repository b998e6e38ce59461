import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Demo, logIn, noBrowser, type Watched } from '../../../test/browser/browser.ts'
import { type AdminSite, openAdminSite, PASSWORD } from './admin-site.ts'

const shots = process.env.SCREENSHOTS

describe.skipIf(noBrowser('plugins/admin/test/journey.test.ts'))('an editor in the browser', () => {
  let it: AdminSite
  let demo: Demo
  beforeAll(async () => {
    it = await openAdminSite()
    demo = await Demo.open(it.site)
  }, 60_000)
  afterAll(() => demo?.close())

  const boss = async (width = 1280): Promise<Watched> => {
    const watched = await demo.visitor({ viewport: { width, height: 900 } })
    await watched.page.goto('/login')
    await logIn(watched.page, PASSWORD)
    await watched.page.waitForURL('/')
    return watched
  }
  const button = (page: Page, name: string | RegExp) => page.getByRole('main').getByRole('button', { name })
  const link = (page: Page, name: string | RegExp) => page.getByRole('main').getByRole('link', { name })
  /** Writes a text in place of the one there is. */
  const write = async (page: Page, text: string) => {
    await page.locator('[role="textbox"][aria-label="Text"]').press('Control+a')
    await page.keyboard.type(text)
  }
  const shoot = async (page: Page, name: string) => {
    if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
  }
  const item = (page: Page, name: string) =>
    page
      .locator('[role="treeitem"]')
      .filter({ has: page.locator('.tree-name', { hasText: new RegExp(`^${name}$`) }) })

  test('makes a page, edits it, restores a version, moves it, trashes it and takes that back', {
    timeout: 120_000,
  }, async () => {
    const watched = await boss()
    const { page } = watched
    await page.goto('/admin/tree?at=/garden')
    await watched.checkPage()
    await shoot(page, 'tree')
    await link(page, 'Page').first().click()
    await page.getByLabel('Name').fill('Fig trees')
    await write(page, 'Two figs.')
    await button(page, 'Create').click()
    await page.waitForURL('/garden/fig-trees')

    await link(page, 'Edit').click()
    await write(page, 'Three figs.')
    await shoot(page, 'edit')
    await watched.checkPage()
    await button(page, 'Save').first().click()
    await page.getByText('Fig trees is saved.').waitFor()
    expect(await page.getByText('Three figs.').count()).toBe(1)

    await link(page, 'Edit').click()
    await link(page, 'Versions').click()
    await shoot(page, 'versions')
    await link(page, /^Compare with now/).click()
    expect(await page.locator('.diff').innerText()).toContain('TwoThree figs')
    await shoot(page, 'diff')
    await watched.checkPage()
    await button(page, 'Restore version 1').click()
    await page.getByText('Version 1 is back, as version 3.').waitFor()

    await link(page, 'In the tree').click()
    await link(page, 'Move').click()
    await link(page, 'Tulips').click()
    await page.getByText('/garden/tulips/fig-trees').waitFor()
    await shoot(page, 'move')
    await watched.checkPage()
    await button(page, 'Move it').click()
    await page.getByText('Fig trees is now /garden/tulips/fig-trees').waitFor()
    await page.goto('/garden/fig-trees')
    expect(new URL(page.url()).pathname).toBe('/garden/tulips/fig-trees')
    expect(await page.getByText('Two figs.').count()).toBe(1)

    await page.goto('/admin/tree?at=/garden/tulips/fig-trees')
    await button(page, 'Move to the trash').click()
    await page.getByText('Fig trees is in the trash.').waitFor()
    expect((await page.goto('/garden/tulips/fig-trees'))?.status()).toBe(404)
    await page.goto('/admin/trash')
    await shoot(page, 'trash')
    await button(page, 'Restore Fig trees').click()
    await page.getByText('Fig trees is back').waitFor()
    await page.goto('/garden/fig-trees')
    expect(new URL(page.url()).pathname).toBe('/garden/tulips/fig-trees')
    expect(watched.complaints).toEqual([])
  })

  test('goes through the tree by keys, and moves pages by keys and by dragging', {
    timeout: 60_000,
  }, async () => {
    const watched = await boss()
    const { page } = watched
    await page.goto('/admin/tree')
    await page.locator('[role="tree"]').waitFor()
    const nameOf = () => page.locator('[role="treeitem"]:focus .tree-name').innerText()
    await page.locator('[role="treeitem"][tabindex="0"]').focus()
    await page.keyboard.press('g')
    await expect.poll(nameOf).toBe('Garden')
    await page.keyboard.press('ArrowRight')
    await item(page, 'Roses').waitFor()
    await page.keyboard.press('ArrowRight')
    await expect.poll(nameOf).toBe('Roses')
    await page.keyboard.press('ArrowDown')
    await expect.poll(nameOf).toBe('Tulips')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(nameOf).toBe('Garden')
    await page.keyboard.press('ArrowLeft')
    expect(await page.locator('[role="treeitem"]:focus').getAttribute('aria-expanded')).toBe('false')
    await page.keyboard.press('End')
    await expect.poll(nameOf).toBe('Office')
    await page.keyboard.press('Home')
    await expect.poll(nameOf).toBe('Home')
    await page.keyboard.type('ga')
    await expect.poll(nameOf).toBe('Garden')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 2, name: 'Roses' }).waitFor()
    expect(await watched.barriers()).toEqual([])

    const order = async () => (await it.site.djet.nodes.children('/garden')).items.map(({ name }) => name)
    await item(page, 'Roses').focus()
    await page.keyboard.press('ArrowRight')
    await item(page, 'Tea').waitFor()
    await page.keyboard.press('Alt+ArrowDown')
    await page.waitForURL(/#n-/)
    await expect.poll(order).toEqual(['Tulips', 'Roses'])
    await expect.poll(nameOf).toBe('Roses')

    // What was open is open again, though the address does not say so.
    await item(page, 'Tea').waitFor()
    await page.goto('/admin/tree?at=/garden/roses')
    await item(page, 'Tea').waitFor()
    await item(page, 'Roses').dragTo(item(page, 'Tulips'), { targetPosition: { x: 60, y: 3 } })
    await page.waitForURL(/#n-/)
    await expect.poll(order).toEqual(['Roses', 'Tulips'])
    await page.goto('/admin/tree?at=/garden/roses')
    await item(page, 'Tea').waitFor()
    await item(page, 'Tulips').dragTo(item(page, 'Office'), { targetPosition: { x: 60, y: 16 } })
    await page.getByText('/office/tulips').waitFor()
    await button(page, 'Move it').click()
    await page.getByText('Tulips is now /office/tulips').waitFor()
    expect(watched.complaints).toEqual([])
  })

  test('makes a type, makes a page of it, changes the type and sees before what that does', {
    timeout: 120_000,
  }, async () => {
    const watched = await boss()
    const { page } = watched
    await page.goto('/admin/basetypes')
    await link(page, 'New type').click()
    await page.getByLabel('Title', { exact: true }).fill('Recipe')
    await page.getByLabel('Name', { exact: true }).fill('recipe')
    await button(page, 'Add a field').click()
    await page.locator(':focus').fill('servings')
    await page.getByLabel('Type of the new field').selectOption('html')
    await button(page, 'Add a field').click()
    await page.locator(':focus').fill('method')
    await page.keyboard.press('Alt+ArrowUp')
    expect(await page.locator('.type-row [name$="-name"]').first().inputValue()).toBe('method')
    await page.getByLabel('Page below the heading').fill('{% if fields.serving %}x{% endif %}')
    await button(page, 'Make the type').last().click()
    await page.getByText('undefined variable').first().waitFor()
    expect(await watched.barriers()).toEqual([])
    await shoot(page, 'type-form')
    await page.getByLabel('Page below the heading').fill('<p>For {{ fields.servings }}</p>{% field method %}')
    await button(page, 'Make the type').last().click()
    await page.getByText('The type Recipe is made.').waitFor()
    await it.site.djet.nodes.insert('/garden', {
      basetype: 'recipe',
      name: 'Soup',
      data: { servings: 'four' },
    })
    await page.goto('/garden/soup')
    await page.getByText('For four').waitFor()
    await shoot(page, 'type-page')
    await watched.checkPage()

    await page.goto('/admin/basetypes/recipe')
    await link(page, 'Change').click()
    const row = page.locator('.type-row', { has: page.locator('input[value="servings"]') })
    await row.getByLabel('Type').selectOption('int')
    await row.getByText('More').click()
    await row.getByLabel('Smallest value').fill('1')
    await button(page, 'What it does…').last().click()
    await page.getByText('1 values do not fit').or(page.getByText('1 value does not fit')).waitFor()
    await watched.checkPage()
    expect(await watched.barriers()).toEqual([])
    await shoot(page, 'type-preview')
    await button(page, 'Change the type').click()
    await page.getByText('The type Recipe is changed.').waitFor()
    await shoot(page, 'type')
    expect(watched.complaints).toEqual([])
  })

  test('has pages without barriers, on a desk and on a phone', { timeout: 120_000 }, async () => {
    const { nodes } = it.site.djet
    const id = (await nodes.require('/garden/roses')).id
    await nodes.update(id, { title: 'Old roses' })
    await nodes.trash('/garden/roses/tea')
    await nodes.addRedirect({ from: '/some/old/address', to: '/garden' })
    for (const width of [1280, 390]) {
      const watched = await boss(width)
      const { page } = watched
      for (const [name, path] of [
        ['tree', `/admin/tree?at=/garden/roses`],
        ['search', '/admin/tree?q=r'],
        ['rename', `/admin/node/${id}/rename`],
        ['move', `/admin/node/${id}/move?to=/office`],
        ['versions', `/admin/node/${id}/versions`],
        ['diff', `/admin/node/${id}/diff?from=1`],
        ['trash', '/admin/trash'],
        ['redirects', '/admin/redirects'],
        ['access', '/admin/access?node=/garden&login=gardener'],
        ['audit', '/admin/audit'],
        ['basetypes', '/admin/basetypes'],
        ['basetype', '/admin/basetypes/recipe'],
        ['basetype-form', '/admin/basetypes/recipe/edit'],
        ['edit', '/garden/roses/-/edit'],
      ] as const) {
        await page.goto(path)
        await watched.checkPage()
        expect(await watched.barriers(), `${path} at ${width}`).toEqual([])
        await shoot(page, `${name}-${width}`)
      }
    }
  })

  test('is told when another saved first, and sees both', { timeout: 60_000 }, async () => {
    const watched = await boss()
    const { page } = watched
    await page.goto('/garden/roses/-/edit')
    await it.gardener.post('/garden/roses/-/edit', {
      name: 'Roses',
      title: 'Red roses',
      body: '',
      version: await page.locator('input[name="version"]').inputValue(),
    })
    await page.getByLabel('Title').fill('White roses')
    await button(page, 'Save').first().click()
    await page.getByRole('heading', { name: 'Changed in the meantime' }).waitFor()
    expect(await page.locator('.diff').innerText()).toContain('RedWhite roses')
    expect(await page.getByLabel('Title').inputValue()).toBe('White roses')
    await watched.checkPage()
    expect(await watched.barriers()).toEqual([])
    await shoot(page, 'conflict')
    await button(page, 'Save').first().click()
    await page.getByText('Roses is saved.').waitFor()
    expect((await it.site.djet.nodes.require('/garden/roses')).title).toBe('White roses')
  })

  test('works without JavaScript', { timeout: 60_000 }, async () => {
    const watched = await demo.visitor({ javaScriptEnabled: false })
    const { page } = watched
    await page.goto('/login')
    await logIn(page, PASSWORD)
    await page.goto('/admin/tree')
    await page.getByRole('link', { name: 'Open Garden' }).click()
    await page.getByRole('link', { name: 'Roses', exact: true }).click()
    await link(page, 'Rename').click()
    await page.getByLabel('Name').fill('Rosarium')
    await button(page, 'Rename').click()
    await page.getByText('Rosarium is saved.').waitFor()
  })
})
