import pg from 'pg'
import { DjetError, messageOf } from '../error.ts'

/** `host:port/database` of a connection URL, safe to print: no user, no password. */
export function placeOf(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: url })
  return `${host}:${port}/${database ?? ''}`
}

/**
 * Refuses what is no PostgreSQL URL before a driver guesses at it.
 *
 * @throws DATABASE_URL_INVALID
 */
export function checkUrl(url: string): void {
  if (
    /^postgres(ql)?:\/\//.test(url) &&
    URL.canParse(url.replace(/^postgres(ql)?:\/\/([^/]*@)?\//, 'http://x/'))
  )
    return
  throw new DjetError(
    'DATABASE_URL_INVALID',
    'the database URL is not like postgres://user:password@host:5432/database ' +
      '(special characters in the password must be percent-encoded)',
  )
}

/** The error of a failed connection as one line that says where, why and what to do; a request answers 503. */
export function unreachable(url: string, cause: unknown): DjetError {
  const code = codeOf(cause)
  const advice = (code === undefined ? undefined : adviceOf.get(code)) ?? 'Check DATABASE_URL and the server.'
  return new DjetError(
    'DATABASE_UNREACHABLE',
    `cannot use the database at ${placeOf(url)}: ${reasonOf(cause)}. ${advice}`,
    { cause, status: 503 },
  )
}

/** The code of an error of PostgreSQL (SQLSTATE) or of the network (ECONNREFUSED); undefined when it has none. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === undefined && error instanceof AggregateError) return codeOf(error.errors[0])
  return typeof code === 'string' ? code : undefined
}

/** Whether the server closes the connection with this error, although the socket may not know it yet. */
export function isFatal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.severity === 'FATAL' || error.severity === 'PANIC')
}

/** Whether the connection broke under a statement: cut, or closed by a server that ends. */
export function isLost(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^57P0[123]$/.test(error.code ?? '')
  if (!(error instanceof Error) || error instanceof DjetError) return false
  return (
    /^(ECONNRESET|EPIPE)$/.test(codeOf(error) ?? '') ||
    /^Connection terminated|has encountered a connection error/.test(error.message)
  )
}

/** @throws DATABASE_DENIED when the user of the database may not make or read what is Djet's */
export function explainDenied(cause: unknown): never {
  if (codeOf(cause) !== '42501') throw cause
  throw new DjetError(
    'DATABASE_DENIED',
    `the database user may not make or read what Djet keeps there: ${messageOf(cause)}. Let it own the database.`,
    { cause },
  )
}

// A host with several addresses fails with an AggregateError whose own message is empty.
/** What a failed connection says, on one line. */
export function reasonOf(cause: unknown): string {
  const message = cause instanceof AggregateError ? messageOf(cause.errors[0]) : messageOf(cause)
  return message.replace(/\s+/g, ' ').trim() || (codeOf(cause) ?? 'no reason given')
}

const adviceOf: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'Is PostgreSQL running there? Start it or correct DATABASE_URL.'],
  ['ENOTFOUND', 'The host name is unknown: correct DATABASE_URL.'],
  ['EAI_AGAIN', 'The host name cannot be looked up: check the network and DATABASE_URL.'],
  ['ETIMEDOUT', 'The host does not answer: check the network, its firewall and DATABASE_URL.'],
  ['28P01', 'Correct user and password in DATABASE_URL.'],
  ['28000', "The server's pg_hba.conf does not let this user in: correct DATABASE_URL or the server."],
  ['3D000', 'Make it (createdb) or correct DATABASE_URL.'],
  ['53300', 'The server has no connection left: raise max_connections or lower the pool sizes.'],
  ['57P03', 'The server is starting or stopping: try again in a moment.'],
])
