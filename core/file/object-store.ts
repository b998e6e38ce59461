import type { Readable } from 'node:stream'

/** Bytes of a file, both ends counted; `end` may lie behind the last. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Where the bytes of files may be kept instead of the database: objects by key. */
export interface ObjectStore {
  /** Stores all that the stream gives, or nothing when it fails. */
  put(key: string, content: AsyncIterable<Buffer>, type: string): Promise<void>
  /** @throws {DjetError} FILE_NOT_FOUND, 404; FILE_STORE_AWAY or FILE_STORE_REFUSES, 503 */
  get(key: string, range?: ByteRange): Promise<Readable>
  /** Does nothing when there is none. @throws {DjetError} FILE_STORE_AWAY or FILE_STORE_REFUSES, 503 */
  delete(key: string): Promise<void>
  close(): void
}
