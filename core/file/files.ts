import type { Readable } from 'node:stream'
import type { ByteRange } from './object-store.ts'

/** A stored file, without its bytes. */
export interface StoredFile {
  readonly id: string
  /** File name for people, without folders. */
  readonly name: string
  /** Media type, e.g. `text/csv`. */
  readonly type: string
  /** Bytes. */
  readonly size: number
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string
  readonly created: Date
}

export interface NewFile {
  name: string
  type: string
  content: Readable | Buffer | Uint8Array | string
  /** Bytes at most. @throws {DjetError} FILE_TOO_LARGE, 413, and nothing is kept */
  maxSize?: number
}

/**
 * Files kept in the database in chunks, or in a bucket of S3 when the configuration says so: any machine can serve
 * them, and they commit and roll back with the rest. Streamed both ways: memory does not grow with the file.
 */
export interface Files {
  /** Stores a file and gives back its record. Until something refers to it (`keep`), it is removed after a day. */
  write(file: NewFile): Promise<StoredFile>
  /** Says that a node, a task result, … now refers to the file. */
  keep(id: string): Promise<void>
  get(id: string): Promise<StoredFile | null>
  /** The bytes, or some of them. @throws {DjetError} FILE_NOT_FOUND, 404; FILE_STORE_AWAY, 503 */
  read(id: string, range?: ByteRange): Promise<Readable>
  delete(id: string): Promise<void>
}
