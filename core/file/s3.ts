import { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { DjetError, messageOf } from '../error.ts'
import type { ByteRange, ObjectStore } from './object-store.ts'

/** Where objects are kept; the key and its secret come from the environment, as with every client of S3. */
export interface S3Settings {
  readonly bucket: string
  readonly region: string
  readonly endpoint?: string | undefined
  readonly forcePathStyle: boolean
  readonly prefix: string
}

/** Bytes of one part: the least that S3 takes. One is sent while the next one fills. */
const PART = 5 * 1024 * 1024

/** Milliseconds to reach the server, and for it to go on answering. */
const CONNECTION_TIMEOUT = 5000
const REQUEST_TIMEOUT = 30_000

/** Objects in a bucket of S3, or of a server that speaks its language. Streamed both ways. */
export class S3Store implements ObjectStore {
  readonly #client: S3Client
  readonly #settings: S3Settings

  constructor(settings: S3Settings) {
    const { region, endpoint, forcePathStyle } = settings
    this.#settings = settings
    this.#client = new S3Client({
      region,
      forcePathStyle,
      ...(endpoint ? { endpoint } : {}),
      maxAttempts: 3,
      // Servers other than Amazon's do not all know the newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECTION_TIMEOUT, requestTimeout: REQUEST_TIMEOUT },
    })
  }

  async put(key: string, content: AsyncIterable<Buffer>, type: string): Promise<void> {
    let given: unknown
    async function* pieces() {
      try {
        yield* content
      } catch (error) {
        given = error
        throw error
      }
    }
    const params = {
      ...this.#at(key),
      Body: Readable.from(pieces(), { objectMode: false }),
      ContentType: type,
    }
    try {
      await new Upload({ client: this.#client, params, partSize: PART, queueSize: 1 }).done()
    } catch (error) {
      throw given ?? away(this.#settings, error)
    }
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    const Range = range && `bytes=${range.start}-${range.end}`
    try {
      const { Body } = await this.#client.send(
        new GetObjectCommand({ ...this.#at(key), ...(Range ? { Range } : {}) }),
      )
      return Body as Readable
    } catch (error) {
      if ((error as { name?: string }).name === 'NoSuchKey') {
        const message = 'this file is no longer kept.'
        throw new DjetError('FILE_NOT_FOUND', message, { status: 404, cause: error })
      }
      throw away(this.#settings, error)
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#at(key)))
    } catch (error) {
      throw away(this.#settings, error)
    }
  }

  close(): void {
    this.#client.destroy()
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#settings.bucket, Key: `${this.#settings.prefix}${key}` }
  }
}

function away({ bucket, endpoint }: S3Settings, cause: unknown): DjetError {
  const where = `bucket '${bucket}'${endpoint ? ` at ${endpoint}` : ''}`
  return new DjetError(
    'FILE_STORE_AWAY',
    `files cannot be reached just now (${where}: ${messageOf(cause)}). Try again in a moment.`,
    { status: 503, cause },
  )
}
