import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { type DjetApp, openApiDocument } from '../../core/index.ts'

type Json = Record<string, unknown>

/** What the OpenAPI document says, for checking answers of a real site against it. */
export interface Contract {
  readonly document: { paths: Record<string, Record<string, DocumentedOperation>> }
  /** @throws when an answer is not one of those documented */
  check(method: string, path: string, status: number, type: string, body: unknown): string
}

interface DocumentedOperation {
  operationId: string
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: Json }> }>
}

/** Compiles the schemas of a site's document. */
export function contractOf(app: DjetApp): Contract {
  const document = JSON.parse(JSON.stringify(openApiDocument(app)))
  const ajv = new Ajv2020({ strict: false, allErrors: true, discriminator: false })
  addFormats.default(ajv)
  ajv.addSchema({ ...document, $id: 'api:' }, 'api:')
  const pointer = (path: string, method: string, status: number, type: string) =>
    ['paths', path, method, 'responses', String(status), 'content', type, 'schema']
      .map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/')
  const places = Object.keys(document.paths).sort((a, b) => a.split('{').length - b.split('{').length)
  return {
    document,
    check(method, url, status, type, body) {
      const path = places.find((each) =>
        new RegExp(`^${each.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(url.split('?')[0]!),
      )
      const operation: DocumentedOperation | undefined = path && document.paths[path][method.toLowerCase()]
      if (!operation) throw new Error(`${method} ${url} is not in the document`)
      const response = operation.responses[status]
      if (!response)
        throw new Error(`${operation.operationId} answers ${status}, which is not in the document`)
      if (body === undefined) {
        if (response.content) throw new Error(`${operation.operationId} answers nothing`)
        return operation.operationId
      }
      const ref = response.$ref
        ? `api:${response.$ref}/content/${type.replaceAll('/', '~1')}/schema`
        : `api:#/${pointer(path!, method.toLowerCase(), status, type)}`
      const validate = ajv.getSchema(ref)
      if (!validate) throw new Error(`no schema of ${operation.operationId} ${status} ${type}`)
      if (!validate(body))
        throw new Error(`${operation.operationId} ${status}: ${ajv.errorsText(validate.errors)}`)
      return operation.operationId
    },
  }
}

export interface ApiAnswer<T = Json> {
  readonly status: number
  readonly headers: Headers
  readonly body: T
}

/** A program with a token, each of whose answers is checked against the document. */
export class Program {
  readonly #base: string
  readonly #token: string | undefined
  readonly #contract: Contract

  constructor(base: string, contract: Contract, token?: string) {
    this.#base = base
    this.#contract = contract
    this.#token = token
  }

  async ask<T = Json>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer<T>> {
    const response = await fetch(`${this.#base}/-/api${path}`, {
      method,
      headers: {
        ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
        ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' || body instanceof FormData ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    const json = text === '' ? undefined : JSON.parse(text)
    if (![304, 405].includes(response.status)) this.#contract.check(method, path, response.status, type, json)
    return { status: response.status, headers: response.headers, body: json }
  }
}
