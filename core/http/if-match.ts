import type { EngineContext } from '../engine.ts'
import { DjetError } from '../error.ts'

/**
 * The version of the node that a program read before it changes it, from `If-Match`: the ETag of the node's JSON
 * (`"7-…"`) or just its version (`"7"`). Undefined without the header and for `*`.
 * @throws {DjetError} IF_MATCH_INVALID, 400
 */
export function ifMatch(ctx: Pick<EngineContext, 'get'>): string | undefined {
  const header = ctx.get('If-Match').trim()
  if (header === '' || header === '*') return undefined
  const [, version] = /^(?:W\/)?"(\d{1,9}(?:\.\d{1,9})?)(?:-[^"]*)?"$/.exec(header) ?? []
  if (version !== undefined) return version
  const message = 'If-Match must be the ETag of the node as JSON, such as "7-…", or its version, "7".'
  throw new DjetError('IF_MATCH_INVALID', message, { status: 400 })
}

/**
 * Carries out a change on behalf of a program that may have sent `If-Match`; another version is then answered with
 * 412 instead of 409, with both states.
 *
 * @example await withIfMatch(ctx, (expected) => ctx.djet.nodes.update(ctx.node, { ...change, ...expected }))
 * @throws {DjetError} NODE_CHANGED, 412, and whatever the change throws
 */
export async function withIfMatch<T>(
  ctx: Pick<EngineContext, 'get'>,
  change: (expected: { ifVersion?: string }) => Promise<T>,
): Promise<T> {
  const version = ifMatch(ctx)
  try {
    return await change(version === undefined ? {} : { ifVersion: version })
  } catch (error) {
    if (version === undefined || !(error instanceof DjetError) || error.code !== 'NODE_CHANGED') throw error
    const { message, details } = error
    throw new DjetError(error.code, message, { status: 412, cause: error, ...(details ? { details } : {}) })
  }
}
