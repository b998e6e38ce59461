import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkConfig } from '../../core/config.ts'
import { createTestSite, type TestSite } from '../site.ts'
import { checkTypes } from './check-types.ts'
import { type ExampleSite, makeExampleSite } from './example-site.ts'

let example: ExampleSite
let site: TestSite

beforeAll(async () => {
  example = await makeExampleSite('docs/configuration.md')
  site = await createTestSite({ dir: example.dir })
})
afterAll(async () => {
  await site?.close()
  await example?.remove()
})

test('the first site of the configuration guide has the right types', { timeout: 90_000 }, async () => {
  expect(await checkTypes(example.dir)).toBe('')
})

test('the first site of the configuration guide shows its page', async () => {
  const page = await (await site.visitor()).get('/about')
  expect(page.status).toBe(200)
  expect(page.text).toContain('We are here.')
  expect(page.text).toContain('My site')
})

test('the defaults are those of the configuration guide', () => {
  expect(checkConfig({ plugins: [] }, '/site', {})).toEqual({
    site: { title: 'Djet' },
    poolSize: 12,
    port: 3000,
    trustProxy: false,
    languages: ['en'],
    timeZone: 'UTC',
    acceptLanguage: false,
    plugins: [],
    cache: true,
    mail: {},
    passwords: { shortest: 10 },
    login: '/login',
    trash: { days: 30 },
    session: { days: 14 },
    limits: { body: 1024 ** 2, form: 16 * 1024 ** 2, upload: 100 * 1024 ** 2, url: 4096 },
    log: { level: 'info', file: 'var/djet.log', requests: true },
    files: { store: 'database' },
    api: { rate: 600, cors: [] },
    grace: 5,
    dir: '/site',
  })
})
