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
    const answer = await guest.get('/', { 'if-none-match': etag })
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([304, '', etag])
    expect((await guest.get('/', { 'if-none-match': etag, 'cache-control': 'no-cache' })).status).toBe(200)
    expect((await guest.get('/', { 'if-none-match': '"other"' })).status).toBe(200)
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
