import type { z } from 'zod'
import type { EngineContext } from '../engine.ts'
import type { Scope } from '../node/scopes.ts'
import type { Djet } from '../scope.ts'
import type { JsonSchema } from './json-schema.ts'

/** What an operation is asked with, checked. */
export interface ApiCall<Q = Record<string, never>, B = undefined> {
  readonly djet: Djet
  readonly ctx: EngineContext
  /** Values of `{…}` in its path. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Q
  readonly body: B
  /** Of an operation that takes uploads: reads them into `ctx.files`, once it is known that they may be sent. */
  readonly receive: () => Promise<void>
  /** The version that `If-Match` names, as changes take it: `{ ifVersion }` or nothing. */
  readonly expected: { readonly ifVersion?: string }
}

/** What an operation answers. */
export interface ApiAnswer {
  /** 200 when absent, without a body 204. */
  readonly status?: number
  readonly body?: unknown
  /** Version of the node or draft in the body: what its ETag begins with. */
  readonly version?: number | string
  /** Path below the API where what was made is found. */
  readonly location?: string
}

/** One answer in the OpenAPI document. */
export interface DocumentedAnswer {
  readonly description: string
  readonly schema?: JsonSchema
  /** It has an ETag, a Location. */
  readonly headers?: readonly ('ETag' | 'Location')[]
}

/** One thing a program can ask for, with all that the OpenAPI document says of it. */
export interface ApiOperation {
  /** Stable name, `operationId` of the document, e.g. `moveNode`. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/-/api`, e.g. `/nodes/{node}/move`. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** What a token must be for. */
  readonly scope: Scope
  /** Visitors may ask as well; the rules of the tree decide. */
  readonly open?: boolean
  /** Whether a change must, or may, say which version it begins with. */
  readonly ifMatch?: 'required' | 'optional'
  /** Code of the error (409) that says another version is there: with `If-Match` it is 412. `NODE_CHANGED` when absent. */
  readonly changed?: string
  /** Schemas of the `{…}` of its path; what is not named is an id. */
  readonly params?: Readonly<Record<string, JsonSchema>>
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** It takes a multipart form with one file, `file`. */
  readonly upload?: boolean
  /** Goes before what is made of `body` in the document. */
  readonly bodySchema?: JsonSchema
  readonly bodyExample?: unknown
  /** By status. Errors that any operation may have are added. */
  readonly answers: Readonly<Record<number, DocumentedAnswer>>
  /** Further error statuses. */
  readonly errors?: readonly number[]
  // biome-ignore lint/suspicious/noExplicitAny: `defineOperation` has checked that the handler takes what its schemas give
  handle(call: ApiCall<any, any>): Promise<ApiAnswer>
}

/** What a plugin adds to the API. */
export interface ApiPart {
  readonly operations: readonly ApiOperation[]
  /** Schemas that answers refer to with `ref('Name')`. */
  readonly schemas?: Readonly<Record<string, z.ZodType>>
}

type Of<S, Without> = S extends z.ZodType ? z.output<S> : Without

/**
 * Declares an operation of the API. Query and body are checked by their schemas before it runs, and described by the
 * same in the OpenAPI document; what it throws is answered as problem details.
 *
 * @example
 * export const lendBook = defineOperation({
 *   id: 'lendBook', method: 'POST', path: '/books/{node}/lend', tag: 'Books', summary: 'Lend a book',
 *   scope: 'write', body: z.strictObject({ reader: z.string().min(1) }),
 *   answers: { 204: { description: 'It is lent.' } },
 *   handle: async ({ djet, params, body }) => {
 *     await lend(djet, { bookId: idParam(params.node), reader: body.reader })
 *     return {}
 *   },
 * })
 */
export function defineOperation<
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  operation: Omit<ApiOperation, 'query' | 'body' | 'handle'> & {
    readonly query?: Q
    readonly body?: B
    handle(call: ApiCall<Of<Q, Record<string, never>>, Of<B, undefined>>): Promise<ApiAnswer>
  },
): ApiOperation {
  return Object.freeze(operation) as ApiOperation
}
