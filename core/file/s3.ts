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

/** Milliseconds to reach the server, for it to take and acknowledge a part, and to begin and to go on with an answer. */
const CONNECTION_TIMEOUT = 5000
const REQUEST_TIMEOUT = 30_000
const ANSWER_TIMEOUT = 10_000

/** Connections at a time: who downloads slowly keeps one. */
const agent = { maxSockets: 500 }

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
      requestHandler: {
        connectionTimeout: CONNECTION_TIMEOUT,
        requestTimeout: REQUEST_TIMEOUT,
        // Without it a server that goes silent is only complained of.
        throwOnRequestTimeout: true,
        // It would cut off who reads slowly.
        socketTimeout: 0,
        httpAgent: agent,
        httpsAgent: agent,
      },
    })
  }

  async put(key: string, content: AsyncIterable<Buffer>, type: string): Promise<void> {
    const given: { error?: unknown } = {}
    const params = {
      ...this.#at(key),
      Body: Readable.from(piecesOf(content, given), { objectMode: false }),
      ContentType: type,
    }
    try {
      await new Upload({ client: this.#client, params, partSize: PART, queueSize: 1 }).done()
    } catch (error) {
      throw given.error ?? away(this.#settings, error)
    }
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    const Range = range && `bytes=${range.start}-${range.end}`
    try {
      const { Body } = await this.#client.send(
        new GetObjectCommand({ ...this.#at(key), ...(Range ? { Range } : {}) }),
        { requestTimeout: ANSWER_TIMEOUT },
      )
      return Readable.from(watched(Body as Readable), { objectMode: false })
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
      await this.#client.send(new DeleteObjectCommand(this.#at(key)), { requestTimeout: ANSWER_TIMEOUT })
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

/** What is sent; an error of its own, not one of the server, is told apart. */
async function* piecesOf(content: AsyncIterable<Buffer>, given: { error?: unknown }): AsyncGenerator<Buffer> {
  const pieces = content[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => {
        given.error = error
        throw error
      })
      if (next.done) return
      yield next.value
    }
  } finally {
    await pieces.return?.()
  }
}

/** Gives up on a server that falls silent while it is being listened to. */
async function* watched(body: Readable): AsyncGenerator<Buffer> {
  const pieces = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const silence = setTimeout(
        () => body.destroy(new Error(`the bucket has sent nothing for ${ANSWER_TIMEOUT / 1000} seconds`)),
        ANSWER_TIMEOUT,
      )
      const next = await pieces.next().finally(() => clearTimeout(silence))
      if (next.done) return
      yield next.value as Buffer
    }
  } finally {
    body.destroy()
  }
}

/** For the log: visitors are told that the site is busy. */
function away({ bucket, endpoint }: S3Settings, cause: unknown): DjetError {
  const where = `bucket '${bucket}'${endpoint ? ` at ${endpoint}` : ''}`
  const { name, $metadata } = cause as { name?: string; $metadata?: { httpStatusCode?: number } }
  // Not every server sends a text with its code, such as SignatureDoesNotMatch.
  const reason = [name, messageOf(cause)]
    .filter((text) => text && !/^(Error|UnknownError)$/.test(text))
    .join(': ')
  const status = $metadata?.httpStatusCode ?? 500
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    const message = `the store of files refuses this site (${where}: ${reason}). Check key, secret, rights and the option 'files'.`
    return new DjetError('FILE_STORE_REFUSES', message, { status: 503, cause })
  }
  const message = `files cannot be reached just now (${where}: ${reason}). Try again in a moment.`
  return new DjetError('FILE_STORE_AWAY', message, { status: 503, cause })
}
