import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { ADMIN_PASSWORD, createTestSite, type TestSite } from '../site.ts'

/** Where Chromium is; undefined: nowhere. */
export const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
  .filter((path) => path !== undefined && path !== '')
  .find((path) => existsSync(path!))

/** True when tests in a browser cannot be run here, which is said on the terminal; where CI is set that is an error. */
export function noBrowser(file: string): boolean {
  if (CHROMIUM !== undefined) return false
  const message = `${file}: no Chromium at /usr/bin/chromium or where CHROMIUM says (apt-get install chromium)`
  if (process.env.CI === 'true') throw new Error(message)
  process.stderr.write(`skipped: ${message}\n`)
  return true
}

/** The demo site, served, and a browser to visit it. */
export class Demo {
  readonly site: TestSite
  readonly url: string
  readonly #browser: Browser

  private constructor(site: TestSite, url: string, browser: Browser) {
    this.site = site
    this.url = url
    this.#browser = browser
  }

  /** @param other another site to visit instead */
  static async open(other?: TestSite): Promise<Demo> {
    const site = other ?? (await createTestSite({ dir: fileURLToPath(new URL('../../', import.meta.url)) }))
    const { base } = await site.visitor()
    const browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
    return new Demo(site, base, browser)
  }

  /** A window without cookies. */
  async visitor(options: BrowserContextOptions = {}): Promise<Watched> {
    const context = await this.#browser.newContext({ baseURL: this.url, ...options })
    context.setDefaultTimeout(15_000)
    return new Watched(await context.newPage())
  }

  /** A window of the administrator, who is staff as well. */
  async staff(options: BrowserContextOptions = {}): Promise<Watched> {
    const watched = await this.visitor(options)
    await watched.page.goto('/login')
    await logIn(watched.page)
    await watched.page.waitForURL('/')
    return watched
  }

  /** Closes the browser and leaves the site to whoever opened it. */
  async leave(): Promise<void> {
    await this.#browser.close()
  }

  async close(): Promise<void> {
    await this.leave()
    await this.site.close()
  }
}

/** Fills in the login form that the page shows. */
export async function logIn(page: Page, password = ADMIN_PASSWORD): Promise<void> {
  await page.getByLabel('Login').fill('admin')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click()
}

/** Looks at a page from inside; text, since the browser's types are not those of Node. */
const LOOK = `(() => {
  const all = (selector) => [...document.querySelectorAll(selector)]
  const { documentElement } = document
  return {
    headings: all('h1').length,
    language: documentElement.lang,
    unlabelled: all('input:not([type="hidden"]), select, textarea:not([aria-hidden="true"])')
      .filter((input) => input.labels.length === 0 && !input.ariaLabel)
      .map(({ name }) => name),
    namelessButtons: all('button').filter((button) => !button.textContent.trim()).length,
    overflow: documentElement.scrollWidth - documentElement.clientWidth,
  }
})()`

/** A page whose complaints are kept: errors of scripts, broken rules of the Content-Security-Policy, lost files. */
export class Watched {
  readonly page: Page
  readonly complaints: string[] = []

  constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(`script: ${error.message}`))
    page.on('console', (message) => {
      // A page that is answered with 4xx is reported as an error of the console.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
        this.complaints.push(`console: ${message.text()}`)
    })
    page.on('response', (response) => {
      if (response.status() >= 400 && !response.request().isNavigationRequest())
        this.complaints.push(`${response.status()} ${response.url()}`)
    })
  }

  /** Rules of accessibility (WCAG 2.2 AA and good practice) that the page breaks, as axe finds them. */
  async barriers(): Promise<string[]> {
    await this.page.evaluate(axe.source)
    const found = await this.page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
      'axe.run().then(({ violations }) => violations)',
    )
    return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
  }

  async heading(): Promise<string> {
    return (await this.page.locator('h1').first().textContent())?.trim() ?? ''
  }

  /** What every page keeps to: one h1, a language, a label for each input, nothing wider than the window. */
  async checkPage(): Promise<void> {
    const found = await this.page.evaluate<object>(LOOK)
    const url = this.page.url()
    expect({ url, ...found }).toEqual({
      url,
      headings: 1,
      language: 'en',
      unlabelled: [],
      namelessButtons: 0,
      overflow: 0,
    })
    expect(this.complaints).toEqual([])
  }
}
