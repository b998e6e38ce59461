import { readFileSync } from 'node:fs'
import type { DjetApp } from '../djet.ts'
import { SCOPES } from '../node/scopes.ts'
import { type JsonSchema, ref, schemaOf } from './json-schema.ts'
import type { ApiOperation, DocumentedAnswer } from './operation.ts'
import { partsOf } from './parts.ts'
import { newNodeExamples, typeSchemas } from './type-schemas.ts'

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

const REASONS: Readonly<Record<number, string>> = {
  400: 'What was sent cannot be read.',
  401: 'Nobody is known, or the token is wrong.',
  403: 'You may not do this, or the token is not for it.',
  404: 'It is not there, or not to be seen.',
  409: 'It does not go with what is there.',
  412: 'Somebody has changed it since; `details` has both states.',
  413: 'Too much was sent.',
  415: 'It is not JSON.',
  422: 'Some of the values do not fit; `errors` says which.',
  428: 'If-Match is missing.',
  429: 'Too many requests.',
  502: 'A server that is needed for it, such as that of mails, did not do its part.',
}

const UPLOAD = {
  required: true,
  content: {
    'multipart/form-data': {
      schema: {
        type: 'object',
        required: ['file'],
        properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } },
      },
    },
  },
}

const HEADERS: Readonly<Record<string, JsonSchema>> = {
  ETag: {
    description: 'Begins with the version, for If-Match.',
    schema: { type: 'string' },
    example: '"7-3q2b"',
  },
  Location: { description: 'Where it is.', schema: { type: 'string' } },
}

/** The OpenAPI 3.1 document of a site's API, with its types. The same for whoever may read it. */
export function openApiDocument(app: DjetApp): Record<string, unknown> {
  const parts = partsOf(app)
  const operations = parts.flatMap((part) => part.operations)
  const { site, url = '' } = app.config
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    paths[operation.path] ??= {}
    paths[operation.path]![operation.method.toLowerCase()] = described(operation, app)
  }
  const shapes = parts.flatMap((part) => Object.entries(part.schemas ?? {}))
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://spec.openapis.org/oas/3.1/dialect/base',
    info: {
      title: site.title,
      version: versionOf(),
      description:
        'The tree of this site for programs. Errors are problem details (RFC 9457). Lists are paged by key: follow `next`.',
    },
    servers: [{ url: `${url}/-/api` }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: {
        ...Object.fromEntries(shapes.map(([name, schema]) => [name, schemaOf(schema, 'output')])),
        ...typeSchemas(app.basetypes),
      },
      responses: Object.fromEntries(
        Object.entries(REASONS).map(([status, description]) => [`Problem${status}`, problem(description)]),
      ),
      headers: HEADERS,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'djet_…',
          description: `A token of one's account page. Scopes: ${Object.entries(SCOPES)
            .map(([name, text]) => `\`${name}\` (${text})`)
            .join(', ')}.`,
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'djet_session',
          description: 'The cookie of a login.',
        },
        csrf: {
          type: 'apiKey',
          in: 'header',
          name: 'x-csrf-token',
          description: 'With a cookie, for changes: `csrfToken` of /-/session.',
        },
      },
    },
  }
}

function described(operation: ApiOperation, app: DjetApp): Record<string, unknown> {
  const { id, tag, summary, description, method, body } = operation
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...parametersOf(operation),
    ...(body === undefined ? {} : { requestBody: bodyOf(operation, app) }),
    ...(operation.upload ? { requestBody: UPLOAD } : {}),
    responses: responsesOf(operation),
    security: securityOf(operation),
    ...(UNSAFE.has(method) ? { 'x-audited': true } : {}),
  }
}

function parametersOf({ path, method, query, ifMatch, params }: ApiOperation): { parameters?: unknown[] } {
  const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: params?.[name!] ?? { type: 'integer', minimum: 1 },
  }))
  const schema = query && schemaOf(query, 'output')
  const required = (schema?.required ?? []) as readonly string[]
  const inQuery = Object.entries((schema?.properties ?? {}) as Record<string, JsonSchema>).map(
    ([name, { description, ...each }]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: each,
    }),
  )
  const header = (name: string, description: string, required = false) => ({
    name,
    in: 'header',
    required,
    description,
    schema: { type: 'string' },
  })
  const inHeader = [
    ...(ifMatch
      ? [header('If-Match', 'ETag of what you change, or * for whatever is there.', ifMatch === 'required')]
      : []),
    ...(method === 'POST'
      ? [header('Idempotency-Key', 'A key of your own: sent again, it is answered again and done once.')]
      : []),
  ]
  const parameters = [...inPath, ...inQuery, ...inHeader]
  return parameters.length > 0 ? { parameters } : {}
}

function bodyOf({ id, body, bodySchema, bodyExample }: ApiOperation, app: DjetApp) {
  const examples = id === 'createNode' ? { examples: newNodeExamples(app.basetypes) } : {}
  return {
    // A body of nothing but what may be left out may be left out itself.
    required: !body?.safeParse({}).success,
    content: {
      'application/json': {
        schema: bodySchema ?? schemaOf(body!, 'input'),
        ...(bodyExample === undefined ? examples : { example: bodyExample }),
      },
    },
  }
}

function responsesOf({ answers, errors = [], body, ifMatch, path }: ApiOperation) {
  const statuses = new Set([
    400,
    401,
    403,
    429,
    ...errors,

    ...(body ? [413, 415, 422] : []),
    ...(ifMatch ? [412] : []),
    ...(ifMatch === 'required' ? [428] : []),
    ...(path.includes('{') ? [404] : []),
  ])
  return Object.fromEntries([
    ...Object.entries(answers).map(([status, answer]) => [status, response(answer)]),
    ...[...statuses].sort().map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
  ])
}

function response({ description, schema, headers }: DocumentedAnswer) {
  return {
    description,
    ...(headers
      ? {
          headers: Object.fromEntries(
            headers.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
          ),
        }
      : {}),
    ...(schema ? { content: { 'application/json': { schema } } } : {}),
  }
}

function problem(description: string) {
  return { description, content: { 'application/problem+json': { schema: ref('Problem') } } }
}

function securityOf({ method, scope, open }: ApiOperation) {
  const cookie = UNSAFE.has(method) ? { session: [], csrf: [] } : { session: [] }
  return [{ token: [scope] }, cookie, ...(open ? [{}] : [])]
}

function versionOf(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
