import { get } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestSite, type TestSite } from '../site.ts'
import type { Visitor } from '../visitor.ts'

describe('a page that is kept', () => {
  let site: TestSite
  let guest: Visitor

  beforeAll(async () => {
    site = await createTestSite({ config: { trustProxy: true } })
    guest = await site.visitor()
  })
  afterAll(() => site.close())

  /** By `http`, for `fetch` adds a Cache-Control of its own. */
  const statusOf = (headers: Record<string, string>) =>
    new Promise<number | undefined>((done, failed) => {
      const request = get(`${guest.base}/`, { headers }, (response) => {
        response.resume().on('end', () => done(response.statusCode))
      })
      request.on('error', failed)
    })

  const withoutDate = (headers: Headers) =>
    [...headers].filter(([name]) => !['date', 'keep-alive', 'connection'].includes(name)).sort()

  test('is answered with the same headers and bytes as when it was made', async () => {
    const made = await guest.get('/')
    expect(site.app.caches.pages?.size).toBe(1)
    const kept = await guest.get('/')
    expect(kept.text).toBe(made.text)
    expect(withoutDate(kept.headers)).toEqual(withoutDate(made.headers))
  })

  test('is not sent again to who has it', async () => {
    const etag = (await guest.get('/')).headers.get('etag') ?? ''
    expect(await statusOf({ 'if-none-match': etag })).toBe(304)
    expect(await statusOf({ 'if-none-match': etag, 'cache-control': 'no-cache' })).toBe(200)
    expect(await statusOf({ 'if-none-match': '"other"' })).toBe(200)
  })

  test('has the headers of a secure site behind a proxy that says so', async () => {
    const headers = { 'x-forwarded-proto': 'https' }
    expect((await guest.get('/', headers)).headers.get('strict-transport-security')).toContain('max-age')
    expect((await guest.get('/')).headers.get('strict-transport-security')).toBeNull()
  })

  test('is JSON for who asks for that', async () => {
    expect(await guest.json('/')).toMatchObject({ path: '/' })
    expect(await guest.json('/')).toMatchObject({ path: '/' })
  })
})
