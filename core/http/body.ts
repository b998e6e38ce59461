import { bodyParser } from '@koa/bodyparser'
import type { Context } from 'koa'
import { DjetError } from '../error.ts'
import { isTooDeep, TOO_DEEP } from '../json-text.ts'
import { sizeText } from './size-text.ts'

/** Fields of one form. */
const MOST_FIELDS = 1000

/** Inputs by name, as they are called: the parser would make objects of `lines.0.price`. Repeated ones are lists. */
function fieldsOf(text: string): Record<string, unknown> {
  const fields = new Map<string, string | string[]>()
  for (const [name, value] of new URLSearchParams(text)) {
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(fields)
}

interface Parser {
  readonly parse: ReturnType<typeof bodyParser>
  readonly limit: number
}

/** Reads posted forms and JSON. Multipart bodies are left to `upload()`. */
export class BodyReader {
  readonly #usual: Parser
  readonly #editing: Parser

  /** @param limits bytes: of forms of all kinds, and of those in which users edit nodes */
  constructor(limits: { readonly body: number; readonly form: number }) {
    this.#usual = parserOf(limits.body)
    this.#editing = parserOf(Math.max(limits.body, limits.form))
  }

  /**
   * The fields that were posted.
   * @throws {DjetError} BODY_TOO_LARGE 413, BODY_INVALID 400, MEDIA_TYPE 415 for a compression that is not known
   */
  async read(ctx: Context, isEditForm = false): Promise<Record<string, unknown>> {
    if (ctx.is('multipart/form-data')) return {}
    const { parse, limit } = isEditForm ? this.#editing : this.#usual
    if ((ctx.request.length ?? 0) > limit) throw tooLarge(limit, ctx)
    await parse(ctx as never, async () => {})
    // Beyond that the parser would leave fields out without a word.
    const { rawBody } = ctx.request as { rawBody?: string }
    if (ctx.is('urlencoded') && rawBody !== undefined) {
      if (rawBody.split('&', MOST_FIELDS + 1).length > MOST_FIELDS) {
        throw new DjetError('BODY_TOO_LARGE', `more than ${MOST_FIELDS} fields were sent.`, { status: 413 })
      }
      return fieldsOf(rawBody)
    }
    if (rawBody !== undefined && isTooDeep(rawBody)) {
      throw new DjetError('BODY_INVALID', `what was sent ${TOO_DEEP}.`, { status: 400 })
    }
    const body: unknown = (ctx.request as { body?: unknown }).body
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {}
  }
}

function parserOf(limit: number): Parser {
  const parse = bodyParser({
    encoding: 'utf-8',
    jsonLimit: limit,
    formLimit: limit,
    enableTypes: ['json', 'form'],
    // The parser puts this list over its own, place by place.
    extendTypes: { json: ['application/json', 'application/merge-patch+json'] },
    parsedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
    onError: (error, ctx) => {
      throw told(error, limit, ctx)
    },
  })
  return { parse, limit }
}

/** What the parsers have against a body, in words of our own: theirs are about themselves. */
function told(cause: Error, limit: number, ctx: Context): DjetError {
  const { status, type, code } = cause as { status?: number; type?: string; code?: string }
  if (status === 413 || type === 'entity.too.large') return tooLarge(limit, ctx)
  if (status === 415) {
    const message = 'send it as it is, or with Content-Encoding gzip, deflate or br.'
    return new DjetError('MEDIA_TYPE', message, { status: 415, cause })
  }
  const problem = code?.startsWith('Z_')
    ? 'is not compressed as its Content-Encoding says'
    : cause instanceof SyntaxError
      ? problemOfJson(cause)
      : 'is broken off, or not as long as its Content-Length says'
  return new DjetError('BODY_INVALID', `what was sent ${problem}.`, { status: 400, cause })
}

function problemOfJson({ body }: SyntaxError & { body?: string }): string {
  try {
    const value: unknown = JSON.parse(body ?? '')
    return typeof value === 'object' && value !== null
      ? "has a name that no object may have, such as '__proto__'"
      : 'is not a JSON object'
  } catch {
    return 'is not JSON'
  }
}

const GO_BACK = 'Go back, where your browser still has it, and send less.'

/** Programs have nothing to go back to. */
function tooLarge(limit: number, ctx: Context): DjetError {
  const isForm = !ctx.state.api && ctx.is('json') !== 'json'
  const message = `what was sent is larger than ${sizeText(limit)}.`
  return new DjetError('BODY_TOO_LARGE', isForm ? `${message} ${GO_BACK}` : message, { status: 413 })
}
