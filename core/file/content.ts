import { Readable } from 'node:stream'
import mime from 'mime-types'
import { DjetError } from '../error.ts'
import { MOST_SVG, safeSvg } from './svg.ts'

/** Bytes at the beginning by which a kind of file is told. */
const HEAD = 4100

/** Kinds that share their first bytes, by the ending that these bytes tell. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  jpg: ['jpg', 'jpeg', 'jpe', 'jfif'],
  tif: ['tif', 'tiff'],
  png: ['png', 'apng'],
  zip: [
    ...['zip', 'docx', 'xlsx', 'pptx', 'docm', 'xlsm', 'pptm', 'dotx', 'xltx', 'potx', 'vsdx', 'odt', 'ods'],
    ...['odp', 'odg', 'ott', 'ots', 'otp', 'epub', 'jar', 'apk', 'kmz', 'xpi', '3mf'],
  ],
  // With a password the newer ones of Office are of this kind as well.
  cfb: ['docx', 'xlsx', 'pptx', 'doc', 'xls', 'ppt', 'msi', 'msg', 'dot', 'xlt', 'pps', 'vsd', 'pub'],
  gz: ['gz', 'tgz'],
  mp4: ['mp4', 'm4v', 'm4a', 'm4p', 'm4b', 'mov', '3gp', '3g2', 'f4v'],
  mkv: ['mkv', 'webm', 'mka', 'weba'],
  ogg: ['ogg', 'oga', 'ogv', 'ogx', 'ogm', 'opus', 'spx'],
  mp3: ['mp3', 'mp2', 'mpga'],
  asf: ['asf', 'wma', 'wmv'],
  heic: ['heic', 'heif'],
  ico: ['ico', 'cur'],
  xml: ['xml', 'svg', 'xsd', 'xsl', 'xslt', 'rss', 'atom', 'gpx', 'kml', 'html', 'htm', 'xhtml', 'plist'],
  ps: ['ps', 'eps', 'ai'],
  pdf: ['pdf', 'ai'],
}

/** Endings whose bytes are always known, so bytes that are not are refused. */
const CERTAIN: ReadonlySet<string> = new Set([
  ...[
    'png',
    'jpg',
    'jpeg',
    'gif',
    'webp',
    'avif',
    'tif',
    'tiff',
    'bmp',
    'heic',
    'psd',
    'pdf',
    'gz',
    '7z',
    'rar',
  ],
  ...['mp4', 'm4a', 'm4v', 'mov', 'webm', 'mkv', 'ogg', 'opus', 'flac', 'wav', 'avi', ...FAMILIES.zip!],
  ...['doc', 'xls', 'ppt'],
])

/** Endings of text: no NUL stands in them, unless a mark says that they are UTF-16. */
const TEXT: ReadonlySet<string> = new Set([
  ...[
    'txt',
    'csv',
    'tsv',
    'json',
    'xml',
    'svg',
    'html',
    'htm',
    'xhtml',
    'md',
    'css',
    'js',
    'mjs',
    'ts',
    'yaml',
  ],
  ...['yml', 'ics', 'vcf', 'log', 'sql', 'ini', 'toml', 'rtf', 'srt', 'vtt'],
])

/** What an uploaded file is by its bytes. */
export interface Content {
  /** Media type. */
  readonly type: string
  /** All of it, the part that was looked at as well. */
  readonly content: Readable | Buffer
}

/**
 * Looks at the first bytes of a file and tells its media type; what the sender said about it is not asked. An SVG is
 * read whole and made safe.
 *
 * @param name as the sender calls it; without an ending the bytes alone decide
 * @throws {DjetError} FILE_CONTENT_DIFFERS, 422, when the bytes are not what the name says; SVG_INVALID, 422;
 * FILE_TOO_LARGE, 413
 */
export async function readContent(name: string, stream: Readable): Promise<Content> {
  // Not destroyed when reading ends early: the rest of a form comes by the same way.
  const pieces = stream.iterator({ destroyOnReturn: false }) as Pieces
  try {
    const { head, whole } = await readHead(pieces)
    const type = await typeOf(name, head)
    if (type === 'image/svg+xml') {
      return { type, content: safeSvg(name, whole ? head : await readWhole(name, head, pieces)) }
    }
    return { type, content: whole ? head : Readable.from(joined(head, pieces), { objectMode: false }) }
  } catch (error) {
    await pieces.return(undefined)
    throw error
  }
}

type Pieces = AsyncGenerator<Buffer, undefined>

async function readHead(pieces: Pieces): Promise<{ head: Buffer; whole: boolean }> {
  const parts: Buffer[] = []
  let size = 0
  while (size < HEAD) {
    const { value, done } = await pieces.next()
    if (done) return { head: Buffer.concat(parts), whole: true }
    parts.push(value)
    size += value.length
  }
  return { head: Buffer.concat(parts), whole: false }
}

async function* joined(head: Buffer, rest: Pieces): AsyncGenerator<Buffer> {
  yield head
  yield* rest
}

async function readWhole(name: string, head: Buffer, pieces: Pieces): Promise<Buffer> {
  const parts = [head]
  let size = head.length
  for (;;) {
    const { value, done } = await pieces.next()
    if (done) return Buffer.concat(parts)
    size += value.length
    if (size > MOST_SVG) {
      const message = `${name} is an SVG image of more than ${MOST_SVG / 1024 / 1024} MB. Make it simpler, or a PNG.`
      throw new DjetError('FILE_TOO_LARGE', message, { status: 413 })
    }
    parts.push(value)
  }
}

/** @throws {DjetError} FILE_CONTENT_DIFFERS */
async function typeOf(name: string, head: Buffer): Promise<string> {
  const ending = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  // Loaded with the first upload.
  const { fileTypeFromBuffer } = await import('file-type')
  const found = await fileTypeFromBuffer(head)
  // A text may begin with the two letters by which some kinds are told.
  if (found !== undefined && !(TEXT.has(ending) && found.ext !== 'xml' && isPlain(head))) {
    if (ending === '') return found.mime
    const family = Object.values(FAMILIES).find((endings) => endings.includes(found.ext)) ?? [found.ext]
    const fits = family.includes(ending) || FAMILIES[found.ext]?.includes(ending) === true
    if (fits) return typeByName(ending) ?? found.mime
    if (CERTAIN.has(ending) || TEXT.has(ending)) throw differs(name, ending, found.ext)
    return 'application/octet-stream'
  }
  if (CERTAIN.has(ending))
    throw differs(name, ending, head.length === 0 ? 'empty' : isText(head) ? 'text' : '')
  if (TEXT.has(ending) && !isText(head)) throw differs(name, ending, 'binary')
  return typeByName(ending) ?? (isText(head) && ending === '' ? 'text/plain' : 'application/octet-stream')
}

/** Whether there is nothing but letters and the control characters of text. */
function isPlain(head: Buffer): boolean {
  return head.every((byte) => byte >= 32 || (byte >= 9 && byte <= 13) || byte === 27)
}

function typeByName(ending: string): string | undefined {
  const type = mime.lookup(ending)
  return type === false ? undefined : type
}

function isText(head: Buffer): boolean {
  const [first, second] = head
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return isUtf16 || !head.includes(0)
}

function differs(name: string, ending: string, found: string): DjetError {
  const kind = ending.toUpperCase()
  const other = found.toUpperCase()
  // Whole sentences, which translations know.
  const messages: Record<string, string> = {
    empty: `${name} says by its name that it is ${kind}, but it is empty. Choose the right file, or give it the right name.`,
    text: `${name} says by its name that it is ${kind}, but its content is text. Choose the right file, or give it the right name.`,
    binary: `${name} says by its name that it is ${kind}, but its content is not text. Choose the right file, or give it the right name.`,
    '': `${name} says by its name that it is ${kind}, but its content is of another kind. Choose the right file, or give it the right name.`,
  }
  const message =
    messages[found] ??
    `${name} says by its name that it is ${kind}, but its content is ${other}. Choose the right file, or give it the right name.`
  return new DjetError('FILE_CONTENT_DIFFERS', message, { status: 422 })
}
