import { fileURLToPath } from 'node:url'
import { HtmlValidate, StaticConfigLoader } from 'html-validate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KINDS } from '../../core/index.ts'
import { createType } from '../../plugins/admin/index.ts'
import { Demo, noBrowser } from '../browser/browser.ts'
import { ADMIN_PASSWORD, createTestSite, type TestSite } from '../site.ts'
import type { Answer, Visitor } from '../visitor.ts'
import { HTML_RULES } from './html-rules.ts'
import { isPage, type Visited, walk } from './walk.ts'

/** A PNG of one pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** Forms that come back with what is wrong, and what they are sent. */
const WRONG_FORMS: readonly [path: string, form: Record<string, string>][] = [
  ['/-/edit', { name: '' }],
  ['/-/edit', { name: 'Home', title: 'Changed', version: '1' }],
  ['/-/new/page', { name: '' }],
  ['/-/new/folder', { name: '' }],
  ['/files/-/folder', { name: '' }],
  ['/account/password', {}],
  ['/account/email', { email: 'nobody' }],
  ['/account/tokens', { scopes: 'everything', expires: 'x' }],
  ['/account/second-factor', { code: '1' }],
  ['/users', { login: '', roles: 'No Role' }],
  ['/users/admin/roles', { roles: 'Not a role' }],
  ['/admin/redirects', { from: 'x', to: '' }],
  ['/admin/access', { node: '/', 'role-0': '!', 'mode-0': 'own' }],
  ['/admin/basetypes/new', { name: '!' }],
  ['/admin/basetypes/new', { do: 'save', row: '1', 'f1-type': 'enum', 'f1-name': '!', template: '{% if %}' }],
  [
    '/admin/basetypes/recipe/edit',
    { do: 'preview', title: 'Recipe', row: '1', 'f1-was': 'serves', 'f1-name': 'serves', 'f1-type': 'int' },
  ],
  ['/admin/basetypes/recipe/change', { do: 'change', began: '9', title: 'Recipes' }],
  ['/jobs/schedules/new', { name: '' }],
  ['/jobs/start/sales-order.invoice', { priority: 'x' }],
  ['/jobs/bulk', { do: 'cancel-all', filter: '' }],
]

/** Pages of each part, looked at in a browser in another language; journeys look at all of them in English. */
const IN_DANISH = [
  '/',
  '/about-us/-/edit',
  '/account',
  '/admin/access',
  '/admin/audit',
  '/admin/basetypes/new',
  '/admin/redirects',
  '/admin/trash',
  '/admin/tree?node=1',
  '/files',
  '/files/dot-png',
  '/jobs',
  '/jobs/schedules/new',
  '/nowhere',
  '/orders',
  '/users/admin',
]

/** Every page of the demo is looked at once, as a guest and as the administrator, in two languages. */
describe('every page of the demo', () => {
  let site: TestSite
  let staff: Visitor
  let guest: Visitor
  let pages: Visited[] = []
  let refused: Visited[] = []
  const validator = new HtmlValidate(new StaticConfigLoader(HTML_RULES))

  beforeAll(async () => {
    site = await createTestSite({ dir: fileURLToPath(new URL('../../', import.meta.url)) })
    staff = await (await site.visitor()).login('admin', ADMIN_PASSWORD)
    guest = await site.visitor()
    await prepare()
    // All visits first: checking takes the processor longer than connections are kept.
    const outside = ['/', '/login', '/login/forgot', '/login/link?token=x', '/logout', '/nowhere']
    const inside = [
      '/',
      '/admin',
      '/jobs',
      '/account',
      '/users',
      '/files',
      '/orders/import',
      '/about-us',
      '/nowhere',
    ]
    pages = [...(await walk(guest, outside)), ...(await walk(staff, inside))]
    refused = await sendWrongForms()
  }, 120_000)
  afterAll(() => site?.close())

  /** What the demo begins without: a file, something in the trash, a redirect, a second version, a draft. */
  async function prepare(): Promise<void> {
    const { nodes } = site.djet
    const upload = new FormData()
    upload.append('files', new Blob([Buffer.from(PIXEL, 'base64')], { type: 'image/png' }), 'dot.png')
    expect((await staff.post('/files/-/upload', upload)).status).toBe(303)
    const page = await nodes.insert('/', { basetype: 'page', name: 'About', data: { body: '<p>We.</p>' } })
    await nodes.update(page, { part: 'about-us', title: 'About us' })
    await nodes.saveDraft(page, { data: { body: '<p>We and you.</p>' } })
    const choices = [{ value: 'a', label: 'A' }]
    const kinds = [...KINDS.keys()].filter((type) => type !== 'choices')
    const fields = kinds.map((type) => ({
      ...{ name: `a_${type}`, type, help: 'Help' },
      ...(type === 'enum' ? { options: { choices } } : {}),
    }))
    const template = '<p>{% field serves %}</p>{% children table serves %}'
    const definition = { title: 'Recipe', template, fields: [{ name: 'serves', type: 'str' }, ...fields] }
    await createType(site.djet, { name: 'recipe', definition })
    const recipe = await nodes.insert('/', { basetype: 'recipe', name: 'Soup', data: { serves: 'four' } })
    await nodes.insert(recipe, { basetype: 'recipe', name: 'Stew', data: { serves: 'six' } })
    await nodes.trash(await nodes.insert('/', { basetype: 'page', name: 'Gone' }))
  }

  async function sendWrongForms(): Promise<Visited[]> {
    const answers: [string, Answer][] = [
      ['/login', await guest.post('/login', {})],
      ['expired', await staff.post('/account/password', {}, { withoutToken: true })],
    ]
    for (const [path, form] of WRONG_FORMS) answers.push([path, await staff.post(path, form)])
    expect(answers.filter(([, answer]) => !isPage(answer)).map(([path]) => path)).toEqual([])
    return answers.map(([path, { status, text }]) => ({ url: `POST ${path}`, status, html: text }))
  }

  /** What is wrong with pages: rule, message, line and address. */
  async function problemsOf(pages: readonly Visited[]): Promise<string[]> {
    const problems: string[] = []
    for (const { url, html } of pages) {
      const { results } = await validator.validateString(html)
      for (const { line, ruleId, message } of results.flatMap(({ messages }) => messages)) {
        const source = html.split('\n')[line - 1]?.trim().slice(0, 200)
        problems.push(`${url}: ${ruleId}: ${message}\n  ${source}`)
      }
    }
    return problems
  }

  test('is valid HTML', async () => {
    expect(pages.length).toBeGreaterThan(80)
    expect(pages.filter(({ status }) => status >= 500)).toEqual([])
    expect(await problemsOf(pages)).toEqual([])
  }, 60_000)

  test('whose form was wrong is valid HTML too', async () => {
    expect(refused.filter(({ status }) => status >= 500)).toEqual([])
    expect(await problemsOf(refused)).toEqual([])
  }, 60_000)

  test.skipIf(noBrowser('test/html/every-page.test.ts'))(
    'has no barriers in Danish',
    async () => {
      const demo = await Demo.open(site)
      try {
        const watched = await demo.staff()
        const { page, complaints } = watched
        await page.goto('/-/language?to=da')
        const found: string[] = []
        for (const path of IN_DANISH) {
          await page.goto(path)
          expect(await page.locator('html').getAttribute('lang')).toBe('da')
          found.push(...(await watched.barriers()).map((barrier) => `${path}: ${barrier}`))
        }
        expect([...found, ...complaints]).toEqual([])
      } finally {
        await demo.leave()
      }
    },
    90_000,
  )
})
