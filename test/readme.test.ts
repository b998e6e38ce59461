import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendByName, waitFor } from '../plugins/jobmachine/index.ts'
import { type ExampleSite, filesShownIn, makeExampleSite } from './docs/example-site.ts'
import { ADMIN_PASSWORD, createTestSite, type TestSite } from './site.ts'
import type { Visitor } from './visitor.ts'

describe('the plugin of the README, in a site outside the repository', () => {
  let example: ExampleSite
  let site: TestSite
  let visitor: Visitor

  beforeAll(async () => {
    example = await makeExampleSite('README.md')
    site = await createTestSite({ dir: example.dir })
    visitor = await site.visitor()
  })
  afterAll(async () => {
    await site?.close()
    await example?.remove()
  })

  test('has at most 30 lines of code', async () => {
    const plugin = (await filesShownIn('README.md')).get('plugins/reading.ts') ?? ''
    const lines = plugin.split('\n').filter((line) => line.trim() !== '')
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.length).toBeLessThanOrEqual(30)
  })

  test('shows its node as a page and as JSON', async () => {
    const page = await visitor.get('/essay')
    expect(page.status).toBe(200)
    expect(page.text).toContain('<h1>Essay</h1>')
    expect(page.text).toContain('Every address is a node')
    expect(await visitor.json('/essay')).toMatchObject({
      path: '/essay',
      basetype: 'essay',
      data: { text: 'Every address is a node' },
    })
  })

  test('gives the same result in the request and in a worker thread', { timeout: 60_000 }, async () => {
    const inline = await visitor.json('/essay/words')
    expect(inline).toEqual({ words: 5, longest: 'address' })
    const task = await sendByName(site.djet, 'reading.count', '{"path":"/essay"}')
    const outcome = await waitFor(site.djet, task.id, { timeout: '50s' })
    expect(outcome).toMatchObject({ status: 'finished', results: [inline] })
  })

  test('sends the task at a POST and leads to its page, which staff see', async () => {
    const answer = await visitor.post('/essay/words', {})
    expect(answer.status).toBe(303)
    expect(answer.location).toMatch(/^\/jobs\/task\/\d+$/)
    expect((await visitor.get(answer.location ?? '')).status).toBe(303)
    await visitor.login('admin', ADMIN_PASSWORD)
    const page = await visitor.get(answer.location ?? '')
    expect(page.status).toBe(200)
    expect(page.text).toContain('reading.count')
  })
})
