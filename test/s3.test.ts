import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { S3Store } from '../core/file/s3.ts'
import { type S3Server, startS3 } from './s3-server.ts'

const MB = 1024 * 1024

let s3: S3Server
beforeAll(async () => {
  s3 = await startS3()
})
afterAll(() => s3.close())

function storeFor(secret: string, key = 'test'): S3Store {
  process.env.AWS_ACCESS_KEY_ID = key
  process.env.AWS_SECRET_ACCESS_KEY = secret
  const settings = { bucket: 'b', region: 'eu-north-1', endpoint: s3.url, forcePathStyle: true }
  return new S3Store({ ...settings, prefix: 'site å+ (1)/' })
}

async function* blocks(count: number, failAt = -1): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i++) {
    if (i === failAt) throw new Error('the sender went')
    yield Buffer.alloc(MB, i)
  }
}

test('requests are signed, whatever the key is made of, in one piece and in parts', async () => {
  const store = storeFor('test-secret')
  for (const count of [1, 12]) {
    await store.put("k'ey*", blocks(count), 'text/plain; charset=utf-8')
    expect((await buffer(await store.get("k'ey*"))).length).toBe(count * MB)
    expect(await buffer(await store.get("k'ey*", { start: MB - 2, end: MB + 1 }))).toHaveLength(
      count === 1 ? 2 : 4,
    )
  }
  await store.delete("k'ey*")
  await expect(store.get("k'ey*")).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  store.close()
})

test('a wrong key is told as such, what the sender does wrong as what it is, and nothing is left', async () => {
  for (const [secret, key, reason] of [
    ['wrong', 'test', 'SignatureDoesNotMatch'],
    ['test-secret', 'nobody', 'InvalidAccessKeyId'],
  ]) {
    const store = storeFor(secret!, key)
    for (const count of [1, 12]) {
      const refused = { code: 'FILE_STORE_REFUSES', status: 503, message: expect.stringContaining(reason!) }
      await expect(store.put('x', blocks(count), 'text/plain')).rejects.toMatchObject(refused)
    }
    store.close()
  }
  const store = storeFor('test-secret')
  await expect(store.put('x', blocks(12, 8), 'text/plain')).rejects.toThrow('the sender went')
  s3.failWith = 500
  const away = { code: 'FILE_STORE_AWAY', status: 503 }
  await expect(store.put('x', Readable.from(blocks(12)), 'text/plain')).rejects.toMatchObject(away)
  s3.failWith = undefined
  expect([s3.objects.size, s3.open.size]).toEqual([0, 0])
  store.close()
})
