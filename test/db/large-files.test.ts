import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestSite, type TestSite } from '../site.ts'

const MB = 1024 * 1024
const bytes = randomBytes(3 * MB + 4567)

let site: TestSite
beforeAll(async () => {
  site = await createTestSite({})
})
afterAll(() => site.close())

async function read(id: string, start?: number, end = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const range = start === undefined ? undefined : { start, end }
  return buffer(await site.djet.files.read(id, range))
}

test('a file of several blocks is read as it was written, whole and in part', async () => {
  const { id } = await site.djet.files.write({ name: 'noise', type: 'text/plain', content: bytes })
  expect((await read(id)).equals(bytes)).toBe(true)
  for (const [start, end] of [
    [0, 0],
    [32_767, 32_768],
    [MB - 5, 2 * MB + 5],
    [3 * MB, 3 * MB + 9_000_000],
    [bytes.length - 1, bytes.length],
    [bytes.length, bytes.length + 1],
  ] as const) {
    expect((await read(id, start, end)).equals(bytes.subarray(start, end + 1)), `${start}-${end}`).toBe(true)
  }
})

test('chunks may be of the size of an earlier release', async () => {
  const { id } = await site.djet.files.write({ name: 'noise', type: 'text/plain', content: bytes })
  await site.djet.query('delete from djet.file_chunk where file_id = $1', [id])
  for (let n = 0; n * MB < bytes.length; n++) {
    await site.djet.query('insert into djet.file_chunk values ($1, $2, $3)', [
      id,
      n,
      bytes.subarray(n * MB, (n + 1) * MB),
    ])
  }
  expect((await read(id)).equals(bytes)).toBe(true)
  expect((await read(id, MB - 2, MB + 1)).equals(bytes.subarray(MB - 2, MB + 2))).toBe(true)
})

test('it is read within a transaction, too, and says when it is gone', async () => {
  await site.djet.transaction(async (djet) => {
    const { id } = await djet.files.write({ name: 'noise', type: 'text/plain', content: bytes })
    expect((await buffer(await djet.files.read(id))).equals(bytes)).toBe(true)
    await djet.query('delete from djet.file_chunk where file_id = $1 and n > 40', [id])
    await expect(buffer(await djet.files.read(id))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })
})
