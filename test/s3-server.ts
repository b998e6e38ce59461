import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { refusalOf } from './s3-signature.ts'

/** As much of S3 as Djet speaks, in memory: PUT, multipart, GET with a range, DELETE. */
export interface S3Server {
  readonly url: string
  /** Bytes by `<bucket>/<key>`. */
  readonly objects: ReadonlyMap<string, Buffer>
  /** Uploads in parts that were begun and neither finished nor given up. */
  readonly open: ReadonlyMap<string, Map<number, Buffer>>
  /** Answers everything with this status while it is set. */
  failWith: number | undefined
  close(): Promise<void>
}

const SECRETS: Readonly<Record<string, string>> = { test: 'test-secret' }

/** Starts it. Requests must be signed (version 4) by the key `test` with the secret `test-secret`. */
export async function startS3(): Promise<S3Server> {
  const objects = new Map<string, Buffer>()
  const open = new Map<string, Map<number, Buffer>>()
  const state: { failWith: number | undefined } = { failWith: undefined }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://s3')
    const key = decodeURIComponent(url.pathname.slice(1))
    const body = await buffer(request)
    const say = (status: number, text = '', headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(text)
    if (state.failWith) return void say(state.failWith, '<Error><Code>InternalError</Code></Error>')
    const refusal = await refusalOf(request, url, body, SECRETS)
    if (refusal) return void say(403, `<Error><Code>${refusal}</Code></Error>`)
    const upload = url.searchParams.get('uploadId')
    const part = Number(url.searchParams.get('partNumber'))
    if (request.method === 'POST' && url.searchParams.has('uploads')) {
      const id = `u${open.size + 1}`
      open.set(id, new Map())
      const xml = `<InitiateMultipartUploadResult><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`
      return void say(200, xml)
    }
    if (request.method === 'PUT' && upload) {
      open.get(upload)?.set(part, body)
      return void say(200, '', { etag: `"${part}"` })
    }
    if (request.method === 'POST' && upload) {
      const parts = [...(open.get(upload) ?? [])].sort(([a], [b]) => a - b)
      objects.set(key, Buffer.concat(parts.map(([, bytes]) => bytes)))
      open.delete(upload)
      return void say(
        200,
        `<CompleteMultipartUploadResult><Key>${key}</Key><ETag>"x"</ETag></CompleteMultipartUploadResult>`,
      )
    }
    if (request.method === 'DELETE') {
      if (upload) open.delete(upload)
      else objects.delete(key)
      return void say(204)
    }
    if (request.method === 'PUT') {
      objects.set(key, body)
      return void say(200, '', { etag: '"x"' })
    }
    const found = objects.get(key)
    if (!found) return void say(404, '<Error><Code>NoSuchKey</Code><Message>none</Message></Error>')
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const bytes = from === undefined ? found : found.subarray(Number(from), Number(to) + 1)
    response.writeHead(from === undefined ? 200 : 206, { 'content-length': bytes.length })
    response.end(request.method === 'HEAD' ? '' : bytes)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    open,
    get failWith() {
      return state.failWith
    },
    set failWith(status) {
      state.failWith = status
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
