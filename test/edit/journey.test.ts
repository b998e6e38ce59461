import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Demo, logIn, noBrowser } from '../browser/browser.ts'
import { openKitchen, PASSWORD, recipe } from './kitchen.ts'

const shots = process.env.SCREENSHOTS

describe.skipIf(noBrowser('test/edit/journey.test.ts'))('an editor at a form', () => {
  let demo: Demo
  beforeAll(async () => {
    demo = await Demo.open((await openKitchen()).site)
  }, 60_000)
  afterAll(() => demo?.close())

  const shoot = async (page: Page, name: string) => {
    if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
  }
  const inMain = (page: Page) => page.getByRole('main')

  test('writes by the keyboard, picks a page, keeps rows, and is warned before it is lost', {
    timeout: 120_000,
  }, async () => {
    const { nodes } = demo.site.djet
    const watched = await demo.visitor({ viewport: { width: 1280, height: 900 } })
    const { page } = watched
    await page.goto('/login')
    await logIn(page, PASSWORD)
    await page.waitForURL('/')
    await page.goto('/recipes/bread/-/edit')
    const editor = page.locator('[role="textbox"][aria-label="Method"]')
    const badge = page.getByText('Unsaved changes')
    await editor.waitFor()
    expect(await badge.isVisible()).toBe(false)

    // Formatted text: typing, a shortcut, the toolbar by its keys, a link to a page found by its name.
    await editor.press('Control+End')
    await editor.press('Enter')
    await page.keyboard.type('Bake ')
    await page.keyboard.press('Control+b')
    await page.keyboard.type('hot')
    await page.keyboard.press('Control+b')
    await page.keyboard.press('Alt+F10')
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Kind of paragraph')
    await page.keyboard.press('End')
    await page.keyboard.press('Home')
    for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowRight')
    expect(await page.evaluate('document.activeElement.title')).toBe('Link…')
    await page.keyboard.press('Enter')
    await page.getByRole('combobox', { name: 'Page or address' }).pressSequentially('sou')
    await page.getByRole('option', { name: 'Soup' }).waitFor()
    expect(await watched.barriers()).toEqual([])
    await shoot(page, 'link')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await badge.waitFor()

    // A picker of pages of one type, which offers no others.
    const goesWith = page.getByRole('combobox', { name: 'Goes with' })
    await goesWith.pressSequentially('so')
    await page.getByRole('option', { name: 'Soup' }).waitFor()
    await goesWith.press('ArrowDown')
    await goesWith.press('Enter')
    expect(await goesWith.inputValue()).toBe('/recipes/soup')

    // Rows.
    const list = page.getByRole('group', { name: 'Ingredients', exact: true })
    const add = list.getByRole('button', { name: /^Add a row/ })
    await add.click()
    await page.keyboard.type('Flour')
    await list.getByLabel('Grams').fill('500')
    await add.click()
    await page.keyboard.type('Salt')
    await list.getByRole('button', { name: /^Move up: row 2/ }).click()
    await add.click()
    await list.getByRole('button', { name: /^Remove: row 3/ }).click()
    await add.click() // stays empty, which is no mistake
    await shoot(page, 'rows')

    // Leaving asks first.
    const asked = new Promise<string>((done) => {
      page.once('dialog', async (dialog) => {
        done(dialog.type())
        await dialog.dismiss()
      })
    })
    await page.getByRole('link', { name: 'Cancel' }).click({ noWaitAfter: true })
    expect(await asked).toBe('beforeunload')

    await inMain(page).getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Bread is saved.').waitFor()
    const soup = await nodes.require('/recipes/soup')
    expect((await nodes.require('/recipes/bread', recipe)).data).toMatchObject({
      method: '<h2>Knead</h2><p>Well.</p><p>Bake <strong>hot</strong><a href="/recipes/soup">Soup</a></p>',
      goesWith: soup.id,
      ingredients: [{ what: 'Salt' }, { what: 'Flour', grams: 500, optional: false }],
    })

    // As visitors will see a draft of it.
    await page.goto('/recipes/bread/-/edit')
    await editor.press('Control+End')
    await page.keyboard.type('!')
    await inMain(page).getByRole('button', { name: 'Save as draft' }).click()
    await page.getByText('is saved as a draft').waitFor()
    await page.goto('/recipes/bread/-/preview?as=guest')
    const bar = page.getByRole('complementary', { name: 'Preview' })
    expect(await bar.innerText()).toContain('of draft')
    await page.getByText('Soup!').waitFor()
    expect(await inMain(page).getByRole('link', { name: 'Edit' }).count()).toBe(0)
    expect(await watched.barriers()).toEqual([])
    await shoot(page, 'preview')
    await bar.getByRole('link', { name: 'cook' }).click()
    await inMain(page).getByRole('link', { name: 'Edit' }).waitFor()
    await page.setViewportSize({ width: 390, height: 800 })
    await watched.checkPage()
    await shoot(page, 'preview-phone')
    expect(watched.complaints).toEqual([])
  })

  test('loses no markup, has forms without barriers on desk and phone, and keeps what is too long', {
    timeout: 120_000,
  }, async () => {
    const { nodes } = demo.site.djet
    const method =
      '<h2>Soup</h2><h3 lang="da">Brød</h3><figure><img src="/-/static/core/favicon.svg" alt="Bread" /><figcaption>It</figcaption></figure><table><thead><tr><th scope="col">A</th></tr></thead><tbody><tr><td colspan="2">1 <mark>x</mark> <ins>y</ins></td></tr></tbody></table><dl><dt>T</dt><dd>D</dd></dl><ul><li>a<ul><li>b</li></ul></li></ul><pre>a\n  b</pre><blockquote><p>q <code>c</code> <kbd>k</kbd></p></blockquote>'
    await nodes.update('/recipes/soup', { data: { method, ingredients: [{ what: 'Water' }] } })
    const stored = (await nodes.require('/recipes/soup', recipe)).data.method!
    const watched = await demo.visitor({ viewport: { width: 1280, height: 900 } })
    const { page } = watched
    await page.goto('/login')
    await logIn(page, PASSWORD)
    await page.waitForURL('/')
    await page.goto('/recipes/soup/-/edit')
    const editor = page.locator('[role="textbox"][aria-label="Method"]')
    await editor.waitFor()
    expect(await page.getByText('would lose').isVisible()).toBe(false)
    await watched.checkPage()
    expect(await watched.barriers()).toEqual([])
    await page.setViewportSize({ width: 390, height: 800 })
    await watched.checkPage()
    expect(await watched.barriers()).toEqual([])
    await shoot(page, 'phone')
    await editor.press('Control+End')
    await page.keyboard.type('!')
    await page.getByLabel('Notes').fill('x'.repeat(201))
    await page.getByText('201 of 200 characters').waitFor()
    await page.getByLabel('Notes').fill('x'.repeat(190))
    await inMain(page).getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Soup is saved.').waitFor()
    const saved = (await nodes.require('/recipes/soup', recipe)).data.method!
    const plain = (html: string) => html.replaceAll(/<\/?div>|\s+|<br \/>/g, '')
    expect(plain(saved)).toBe(plain(stored).replace('</kbd>', '!</kbd>'))

    // What the editor does not know is shown as it is, and said.
    await nodes.update('/recipes/soup', {
      data: { method: '<del><p>a</p></del>' },
    })
    await page.goto('/recipes/soup/-/edit')
    await page.getByText('would lose').waitFor()
    expect(await page.locator('#field-method').inputValue()).toBe('<del><p>a</p></del>')
    expect(watched.complaints).toEqual([])
  })
})
