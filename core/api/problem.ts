import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import { DjetError } from '../error.ts'
import { issueWords, problemsByPlace, saidOf } from '../field/issue-words.ts'
import { sentence } from '../i18n/sentence.ts'

/** Problem details (RFC 9457), with Djet's code and the fields that are wrong. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().describe('Stable name of the problem, e.g. NODE_CHANGED.'),
  errors: z
    .array(
      z.object({
        field: z.string(),
        pointer: z.string().describe('JSON Pointer into the body, as a URI fragment.'),
        detail: z.string(),
      }),
    )
    .optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  requestId: z.string().optional(),
})

export interface ProblemFacts {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly fields?: Readonly<Record<string, string>> | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** Codes whose fields are those of the node's data. */
const OF_DATA = new Set(['FIELD_INVALID'])

/** An error as `application/problem+json`. */
export function problemDetails({ status, code, message, fields, details }: ProblemFacts) {
  const above = OF_DATA.has(code) ? '#/data/' : '#/'
  const errors = Object.entries(fields ?? {}).map(([field, detail]) => ({
    field,
    pointer: `${above}${field.split('.').map(escapePointer).join('/')}`,
    detail,
  }))
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: sentence(message),
    code,
    ...(errors.length > 0 ? { errors } : {}),
    ...(details ? { details } : {}),
  }
}

function escapePointer(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))
}

/**
 * Checks what was sent against a schema.
 * @throws {DjetError} QUERY_INVALID 400 or BODY_INVALID 422, with a message for each field
 */
export function parsed<S extends z.ZodType>(schema: S, value: unknown, what: 'query' | 'body'): z.output<S> {
  const result = schema.safeParse(value, { error: issueWords })
  if (result.success) return result.data
  const fields = problemsByPlace(result.error.issues)
  const list = Object.entries(fields).map(([name, text]) => saidOf(name || `the ${what}`, text))
  const [code, status] = what === 'query' ? ['QUERY_INVALID', 400] : ['BODY_INVALID', 422]
  throw new DjetError(code as string, `${list.slice(0, 10).join('; ')}.`, {
    status: status as number,
    fields,
  })
}

/** An id in a path. @throws {DjetError} NOT_FOUND, 404, for what is none */
export function idParam(text: string | undefined): number {
  const id = Number(text)
  if (/^[1-9]\d{0,9}$/.test(text ?? '') && id <= 2_147_483_647) return id
  throw new DjetError('NOT_FOUND', `there is nothing of the id '${String(text).slice(0, 40)}'.`, {
    status: 404,
  })
}
