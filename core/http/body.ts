import { bodyParser } from '@koa/bodyparser'
import type { Context } from 'koa'
import { DjetError } from '../error.ts'
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
   * @throws {DjetError} BODY_TOO_LARGE 413, BODY_INVALID 400
   */
  async read(ctx: Context, isEditForm = false): Promise<Record<string, unknown>> {
    if (ctx.is('multipart/form-data')) return {}
    const { parse, limit } = isEditForm ? this.#editing : this.#usual
    if ((ctx.request.length ?? 0) > limit) throw tooLarge(limit)
    await parse(ctx as never, async () => {})
    // Beyond that the parser would leave fields out without a word.
    const { rawBody } = ctx.request as { rawBody?: string }
    if (ctx.is('urlencoded') && rawBody !== undefined) {
      if (rawBody.split('&', MOST_FIELDS + 1).length > MOST_FIELDS) {
        throw new DjetError('BODY_TOO_LARGE', `more than ${MOST_FIELDS} fields were sent.`, { status: 413 })
      }
      return fieldsOf(rawBody)
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
    onError: (error) => {
      const { status, type } = error as { status?: number; type?: string }
      if (status === 413 || type === 'entity.too.large') throw tooLarge(limit)
      throw new DjetError('BODY_INVALID', `what was sent cannot be read: ${error.message}.`, {
        status: 400,
      })
    },
  })
  return { parse, limit }
}

function tooLarge(limit: number): DjetError {
  const message = `what was sent is larger than ${sizeText(limit)}. Go back, where your browser still has it, and send less.`
  return new DjetError('BODY_TOO_LARGE', message, { status: 413 })
}
