import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { page as pageType } from '../../../core/index.ts'
import { Demo, logIn, noBrowser, type Watched } from '../../../test/browser/browser.ts'
import { createTestSite } from '../../../test/site.ts'
import { changePassword, users } from '../../users/index.ts'
import { files } from '../index.ts'
import { photo, SVG } from './images.ts'

const PASSWORD = 'quiet-river-5'
const shots = process.env.SCREENSHOTS

describe.skipIf(noBrowser('plugins/files/test/journey.test.ts'))('an editor with files', () => {
  let demo: Demo
  beforeAll(async () => {
    const site = await createTestSite({ plugins: [users(), files({ widths: [160, 320, 960] })] })
    await changePassword(site.djet, { login: 'admin', password: PASSWORD })
    demo = await Demo.open(site)
  }, 60_000)
  afterAll(() => demo?.close())

  const visit = async (width: number, javaScriptEnabled = true): Promise<Watched> => {
    const watched = await demo.visitor({ viewport: { width, height: 900 }, javaScriptEnabled })
    await watched.page.goto('/login')
    await logIn(watched.page, PASSWORD)
    await watched.page.waitForURL('/')
    return watched
  }
  const look = async (watched: Watched, name: string) => {
    await watched.checkPage()
    expect(await watched.barriers(), name).toEqual([])
    if (shots) await watched.page.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
  }
  const file = (name: string, buffer: Buffer) => ({ name, mimeType: '', buffer })

  test('adds them by picker and by drop, says what an image shows, and deletes what is in use after a warning', {
    timeout: 90_000,
  }, async () => {
    const watched = await visit(1280)
    const { page } = watched
    await page.goto('/files')
    await page
      .getByLabel('Choose files, or drop them here')
      .setInputFiles([file('Harbour.jpg', await photo()), file('notes.txt', Buffer.from('plain'))])
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.getByRole('link', { name: 'notes.txt' }).waitFor()

    // Dropped: one is not what it says, which is told beside the one that is.
    const dropped = await page.evaluateHandle(
      `(() => {
        const data = new DataTransfer()
        data.items.add(new File([${JSON.stringify(SVG)}], 'logo.svg'))
        data.items.add(new File(['%PDF-1.7'], 'fake.png'))
        return data
      })()`,
    )
    await page.dispatchEvent('.upload', 'drop', { dataTransfer: dropped })
    await page.getByText('fake.png says by its name that it is PNG').waitFor()
    expect(watched.complaints.splice(0)).toEqual([expect.stringMatching(/^422 .*\/files\/-\/upload$/)])
    await look(watched, 'folder-problem-1280')
    await page.goto('/files')
    await page.locator('.file-thumb img').first().waitFor()
    await look(watched, 'folder-1280')

    await page.getByRole('link', { name: 'Harbour.jpg' }).click()
    await page.waitForURL('/files/harbour.jpg')
    const image = page.locator('.focus-frame img')
    const box = (await image.boundingBox())!
    await image.click({ position: { x: box.width * 0.25, y: box.height * 0.75 } })
    expect(await page.getByLabel('% from the left').inputValue()).toBe('25')
    expect(await page.getByLabel('% from the top').inputValue()).toBe('75')
    await page.getByLabel('Alternative text').fill('The harbour at dawn')
    await look(watched, 'file-1280')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Harbour.jpg is saved.').waitFor()

    const body = '<img src="/files/harbour.jpg/-/image/320" alt="">'
    await demo.site.djet.nodes.insert('/', { basetype: pageType, name: 'Port', data: { body } })
    await page.getByRole('link', { name: 'Delete…' }).click()
    await page.getByText('One page uses it.').waitFor()
    await look(watched, 'delete-1280')
    await page.getByRole('button', { name: 'Delete it all the same' }).click()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Harbour.jpg is back.').waitFor()
    expect(watched.complaints).toEqual([])
  })

  test('does all of it without JavaScript, on a phone', { timeout: 60_000 }, async () => {
    const watched = await visit(390, false)
    const { page } = watched
    await page.goto('/files')
    await page.getByText('New folder').click()
    await page.getByLabel('Name of the folder').fill('Press')
    await page.getByRole('button', { name: 'Make the folder' }).click()
    await page.getByRole('link', { name: 'Press' }).click()
    await page.waitForURL('/files/press')
    await page
      .getByLabel('Choose files, or drop them here')
      .setInputFiles([file('Quay.jpg', await photo()), file('fake.jpg', Buffer.from('no image'))])
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.getByText('Added all the same: Quay.jpg').waitFor()
    await page.getByRole('link', { name: 'Quay.jpg' }).click()
    await page.getByLabel('New content').setInputFiles([file('logo.svg', Buffer.from(SVG))])
    await page.getByRole('button', { name: 'Replace', exact: true }).click()
    await page.getByText('Quay.jpg is saved.').waitFor()
    expect(await page.getByText('image/svg+xml').count()).toBe(1)

    const phone = await visit(390)
    for (const [name, path] of [
      ['folder-390', '/files'],
      ['file-390', '/files/harbour.jpg'],
    ] as const) {
      await phone.page.goto(path)
      await look(phone, name)
    }
  })
})
