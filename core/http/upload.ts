import type { Readable } from 'node:stream'
import { Busboy, type BusboyConfig } from '@fastify/busboy'
import type { EngineContext, EngineMiddleware } from '../engine.ts'
import { DjetError } from '../error.ts'
import { readContent } from '../file/content.ts'
import type { StoredFile } from '../file/files.ts'
import { checkFormToken } from './csrf.ts'
import { sizeText } from './size-text.ts'

/** Fields of one form. */
const MOST_FIELDS = 1000

const UPLOAD = Symbol('djet.upload')

export interface UploadOptions {
  /** Bytes of one file; `limits.upload` of the configuration when absent. */
  maxFileSize?: number
  /** Files of one request; 20 when absent. */
  maxFiles?: number
  /** What is wrong with files is left in `ctx.fileErrors` for the route to say, instead of being thrown. */
  collect?: boolean
  /** A form in which a user edits a node: its texts may be as long as `limits.form` says. */
  isEditForm?: boolean
  /** Files are passed over. */
  fieldsOnly?: boolean
}

/**
 * Route middleware that takes multipart forms: fields into `ctx.form`, files streamed into `djet.files` and named
 * in `ctx.files` by field. A file that nothing keeps (`djet.files.keep`) is removed after a day. Forms of other
 * kinds pass unchanged. Without it a route answers 415 to multipart.
 *
 * The media type of a file is told by its bytes; one whose bytes are not what its name says is refused, an SVG image is
 * made safe, and plugins may look too (`checkFile`).
 *
 * @throws {DjetError} UPLOAD_TOO_LARGE 413, FILE_CONTENT_DIFFERS 422, what `checkFile` throws, and UPLOAD_INVALID 400,
 * with `fields`; `ctx.form` is filled in
 * @example
 * router.post('/', allow('edit'), upload({ maxFileSize: 10 * 1024 * 1024 }), async (ctx) => {
 *   const [file] = ctx.files.orders ?? []
 * })
 */
export function upload(options: UploadOptions = {}): EngineMiddleware {
  const middleware: EngineMiddleware = async (ctx, next) => {
    if (ctx.is('multipart/form-data')) await receive(ctx as EngineContext, options)
    await next()
  }
  return Object.assign(middleware, { [UPLOAD]: true })
}

/** Whether one of a route's middleware is `upload()`. */
export function takesUploads(stack: readonly unknown[]): boolean {
  return stack.some((middleware) => typeof middleware === 'function' && UPLOAD in middleware)
}

async function receive(ctx: EngineContext, options: UploadOptions): Promise<void> {
  const { limits } = ctx.djet.config
  const maxFileSize = options.maxFileSize ?? limits.upload
  // All texts of a form together, as of forms of other kinds: many small ones fill the memory as well.
  const mostText = options.isEditForm ? Math.max(limits.form, limits.body) : limits.body
  // Without a prototype: a field may be called `constructor`.
  const form: Record<string, unknown> = Object.create(null)
  const files: Record<string, StoredFile[]> = Object.create(null)
  const problems: Record<string, DjetError[]> = Object.create(null)
  const refuse = (field: string, error: DjetError) => {
    problems[field] = [...(problems[field] ?? []), error]
  }
  const writes: Promise<void>[] = []
  const streams: Readable[] = []
  // In the order of the form, whichever is stored first.
  const received: ({ field: string; file: StoredFile } | undefined)[] = []
  let trusted = checkFormToken(ctx, ctx.get('x-csrf-token'))

  const parser = parserOf(ctx, {
    fileSize: maxFileSize,
    files: options.maxFiles ?? 20,
    fields: MOST_FIELDS,
    fieldSize: mostText,
  })
  let text = 0
  parser.on('field', (name, value, _nameIsCut, isCut) => {
    text += Buffer.byteLength(value)
    if (name === '_csrf') trusted = checkFormToken(ctx, value)
    if (text > mostText) {
      problems[''] ??= [tooLarge(`the texts of this form are larger than ${sizeText(mostText)} together.`)]
      return
    }
    // Half a text must not be taken for the whole.
    if (isCut) refuse(name, tooLarge(`is larger than ${sizeText(mostText)}.`))
    form[name] = name in form ? [form[name], value].flat() : value
  })
  parser.on('file', (field, stream, name) => {
    // A file input left empty is sent as a file without a name. Nothing is kept of what a stranger's form sends.
    if (!name || !trusted || options.fieldsOnly) {
      stream.resume()
      return
    }
    const place = writes.length
    streams.push(stream)
    const write = receiveFile(ctx, name, stream, maxFileSize).then(
      (file) => {
        received[place] = { field, file }
      },
      (error) => {
        stream.resume()
        if (!(error instanceof DjetError) || error.status >= 500) throw error
        refuse(field, error)
      },
    )
    write.catch(() => {})
    writes.push(write)
  })
  parser.on('fieldsLimit', () => {
    refuse('', tooLarge(`more than ${MOST_FIELDS} fields were sent.`))
  })
  parser.on('filesLimit', () => {
    refuse('', tooLarge(`more than ${options.maxFiles ?? 20} files were sent. Send fewer at once.`))
  })
  try {
    await new Promise<void>((done, failed) => {
      parser.on('finish', done)
      parser.on('error', failed)
      ctx.req.on('error', failed)
      ctx.req.on('aborted', () => failed(new Error('the client went away')))
      ctx.req.pipe(parser)
    })
  } catch (error) {
    // The parser leaves a file open whose end does not come: what stores it would wait for ever.
    for (const stream of streams) stream.destroy(new Error('the upload is broken off', { cause: error }))
    await Promise.allSettled(writes)
    throw invalid(error)
  }
  await Promise.all(writes)
  for (const item of received) if (item) files[item.field] = [...(files[item.field] ?? []), item.file]
  Object.assign(ctx, { form, files })
  if (!trusted) {
    throw new DjetError('FORM_EXPIRED', 'this form has expired. Load the page again and send it once more.', {
      status: 403,
    })
  }
  const found = Object.entries(problems)
  const [first] = found[0]?.[1] ?? []
  if (first === undefined) return
  ctx.fileErrors = Object.fromEntries(
    found.map(([field, errors]) => [field, errors.map(({ message }) => message)]),
  )
  if (options.collect) return
  const fields = Object.fromEntries(
    Object.entries(ctx.fileErrors).map(([field, texts]) => [field, texts.join(' ')]),
  )
  throw new DjetError(first.code, first.message, { status: first.status, fields })
}

/** Stores one file, or nothing of it. @throws {DjetError} what is wrong with it */
async function receiveFile(
  ctx: EngineContext,
  name: string,
  stream: Readable & { truncated?: boolean },
  maxFileSize: number,
): Promise<StoredFile> {
  const { djet } = ctx
  const { type, content } = await readContent(name, stream)
  const file = await djet.files.write({ name, type, content })
  try {
    if (stream.truncated) {
      throw tooLarge(`${file.name} is larger than ${sizeText(maxFileSize)}. Send it in parts.`)
    }
    for (const plugin of djet.app.plugins) await plugin.checkFile?.(djet, file)
    return file
  } catch (error) {
    await djet.files.delete(file.id)
    throw error
  }
}

function tooLarge(message: string): DjetError {
  return new DjetError('UPLOAD_TOO_LARGE', message, { status: 413 })
}

/** @throws {DjetError} UPLOAD_INVALID, when the header does not say how the parts are told apart */
function parserOf(ctx: EngineContext, limits: BusboyConfig['limits']): InstanceType<typeof Busboy> {
  try {
    const headers = { ...ctx.headers, 'content-type': ctx.headers['content-type'] ?? '' }
    return new Busboy({ headers, limits })
  } catch (error) {
    throw invalid(error)
  }
}

function invalid(cause: unknown): DjetError {
  return new DjetError('UPLOAD_INVALID', 'the upload is broken off or not a multipart form.', {
    status: 400,
    cause,
  })
}
