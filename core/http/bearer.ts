import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'
import type { User } from '../node/access.ts'
import { hasSession } from '../session.ts'
import { findToken, TOKEN_PREFIX, type Token } from '../token.ts'

const BEARER = /^bearer(?: +|$)/i

/** Whether a request may be a user's, by a cookie or a token: no page that is kept for guests answers it. */
export function comesAsSomebody(request: Pick<IncomingMessage, 'headers'>): boolean {
  return hasSession(request) || BEARER.test(request.headers.authorization ?? '')
}

/**
 * Whose token a request brings; undefined: none, or one that is none of Djet's. Other kinds of `Authorization` are left
 * to what stands in front of the site.
 * @throws {DjetError} TOKEN_WRONG, 401: a request with a wrong token is nobody's, not a guest's
 */
export async function bearerOf(
  ctx: Context,
  connection: Connection,
): Promise<{ user: User; token: Token } | undefined> {
  const header = ctx.headers.authorization
  if (header === undefined || !BEARER.test(header) || bringsForeignToken(ctx)) return undefined
  const found = await findToken(connection, header.replace(BEARER, '').trim())
  if (found) return found
  throw wrongToken(ctx)
}

/**
 * Whether a request that changes nothing brings a token that is none of Djet's. Only places that check by themselves who
 * comes may know it, such as the metrics of jobs; anywhere else it is a wrong one.
 */
export function bringsForeignToken({ method, headers }: Context): boolean {
  const { authorization = '' } = headers
  const isOther = BEARER.test(authorization) && !authorization.replace(BEARER, '').startsWith(TOKEN_PREFIX)
  return isOther && (method === 'GET' || method === 'HEAD')
}

/** What whoever comes by a token that nobody has is told. */
export function wrongToken(ctx: Context): DjetError {
  ctx.state.isProgram = true
  ctx.state.challenge = 'error="invalid_token"'
  return new DjetError('TOKEN_WRONG', 'this token is wrong, has ended or was revoked.', { status: 401 })
}

/** What a `WWW-Authenticate` header says to a client that needs a token, or a better one. */
export function challenge(more?: string): string {
  return `Bearer realm="djet"${more === undefined ? '' : `, ${more}`}`
}

/**
 * A token that only reads sends nothing to forms, whatever they would ask for.
 * @throws {DjetError} SCOPE_MISSING, 403
 */
export function requireAnyChange({ scopes }: Token): void {
  if (scopes.some((scope) => scope !== 'read')) return
  const message = 'this token only reads.'
  throw new DjetError('SCOPE_MISSING', message, { status: 403, details: { scope: 'write' } })
}
