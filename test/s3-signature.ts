import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { SignatureV4 } from '@smithy/signature-v4'

/** How long ago a request may have been signed, as with Amazon: 15 minutes. */
const MOST_SKEW = 15 * 60_000

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([\w-]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/

/**
 * Why a request to S3 is refused, as S3 calls it; undefined: it was signed (AWS Signature Version 4) by one of the keys,
 * not long ago, with all its `x-amz-` headers, for this very body. It is signed once more, by Amazon's own library.
 *
 * @param secrets secret by key
 */
export async function refusalOf(
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  secrets: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const headers = headersOf(request)
  const [, key = '', day = '', region = '', signed = '', signature = ''] =
    AUTHORIZATION.exec(headers.authorization ?? '') ?? []
  if (key === '') return 'AccessDenied'
  const secret = secrets[key]
  if (secret === undefined) return 'InvalidAccessKeyId'
  const signingDate = dateOf(headers['x-amz-date'] ?? '')
  if (!signingDate || Math.abs(Date.now() - signingDate.getTime()) > MOST_SKEW) return 'RequestTimeTooSkewed'
  if (!headers['x-amz-date']?.startsWith(day)) return 'SignatureDoesNotMatch'
  const names = signed.split(';')
  const owed = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))]
  if (owed.some((name) => !names.includes(name))) return 'AccessDenied'
  const claimed = headers['x-amz-content-sha256']
  if (claimed !== 'UNSIGNED-PAYLOAD' && claimed !== sha256(body)) return 'XAmzContentSHA256Mismatch'
  const again = await new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId: key, secretAccessKey: secret },
    sha256: Sha256,
    uriEscapePath: false,
  }).sign(
    {
      method: request.method ?? 'GET',
      protocol: 'http:',
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(names.map((name) => [name, headers[name] ?? ''])),
    },
    { signingDate, signableHeaders: new Set(names), unsignableHeaders: new Set() },
  )
  const expected = AUTHORIZATION.exec(again.headers.authorization ?? '')?.[5] ?? ''
  const same = expected !== '' && timingSafeEqual(Buffer.from(expected), Buffer.from(signature))
  return same ? undefined : 'SignatureDoesNotMatch'
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

/** `20261124T163300Z` */
function dateOf(text: string): Date | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  const [year, month, day, hours, minutes, seconds] = parts.map(Number)
  return parts.length === 6
    ? new Date(Date.UTC(year!, month! - 1, day!, hours!, minutes!, seconds!))
    : undefined
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** What the library hashes with. */
class Sha256 {
  readonly #secret: string | Uint8Array | undefined
  #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret as string | Uint8Array | undefined
    this.#hash = this.#begin()
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    this.#hash = this.#begin()
  }

  #begin(): ReturnType<typeof createHash> | ReturnType<typeof createHmac> {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret)
  }
}
