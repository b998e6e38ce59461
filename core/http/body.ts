import { bodyParser } from '@koa/bodyparser'
import type { Context } from 'koa'
import { DjetError } from '../error.ts'

/** Fields of one form. */
const MOST_FIELDS = 1000

/** Reads posted forms and JSON. Multipart bodies are left to `upload()`. */
export class BodyReader {
  readonly #parse: ReturnType<typeof bodyParser>
  readonly #limit: number

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit
    this.#parse = bodyParser({
      encoding: 'utf-8',
      jsonLimit: limit,
      formLimit: limit,
      enableTypes: ['json', 'form'],
      parsedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
      onError: (error) => {
        const { status, type } = error as { status?: number; type?: string }
        if (status === 413 || type === 'entity.too.large') throw this.#tooLarge()
        throw new DjetError('BODY_INVALID', `what was sent cannot be read: ${error.message}.`, {
          status: 400,
        })
      },
    })
  }

  /**
   * The fields that were posted.
   * @throws {DjetError} BODY_TOO_LARGE 413, BODY_INVALID 400
   */
  async read(ctx: Context): Promise<Record<string, unknown>> {
    if (ctx.is('multipart/form-data')) return {}
    if ((ctx.request.length ?? 0) > this.#limit) throw this.#tooLarge()
    await this.#parse(ctx as never, async () => {})
    // Beyond that the parser would leave fields out without a word.
    const { rawBody } = ctx.request as { rawBody?: string }
    if (ctx.is('urlencoded') && (rawBody?.split('&', MOST_FIELDS + 1).length ?? 0) > MOST_FIELDS) {
      throw new DjetError('BODY_TOO_LARGE', `more than ${MOST_FIELDS} fields were sent.`, { status: 413 })
    }
    const body: unknown = (ctx.request as { body?: unknown }).body
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {}
  }

  #tooLarge(): DjetError {
    return new DjetError('BODY_TOO_LARGE', `what was sent is larger than ${this.#limit} bytes.`, {
      status: 413,
    })
  }
}
