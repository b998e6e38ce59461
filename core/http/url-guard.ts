import type { Middleware } from 'koa'
import { DjetError } from '../error.ts'

/**
 * Refuses addresses that cannot be a path of the tree, before anything looks at them, and leaves the decoded path
 * in `ctx.state.path`.
 *
 * @param maxLength of path and query, characters
 */
export function urlGuard(maxLength: number): Middleware {
  return (ctx, next) => {
    if (ctx.url.length > maxLength)
      throw refuse('URL_TOO_LONG', `this address is longer than ${maxLength} characters.`, 414)
    ctx.state.path = decodePath(ctx.path)
    return next()
  }
}

function decodePath(raw: string): string {
  if (!raw.startsWith('/')) throw refuse('URL_INVALID', 'this address is not complete.')
  let path = raw
  if (raw.includes('%')) {
    if (/%2f|%5c/i.test(raw)) throw refuse('URL_INVALID', 'this address has an encoded slash.')
    try {
      path = decodeURIComponent(raw)
    } catch {
      throw refuse('URL_INVALID', 'this address has a broken % code.')
    }
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(path))
    throw refuse('URL_INVALID', 'this address has characters that none has.')
  if (/(^|\/)\.{1,2}(\/|$)/.test(path)) throw refuse('URL_INVALID', "this address has a '.' or '..' step.")
  return path.normalize('NFC')
}

function refuse(code: string, message: string, status = 400): DjetError {
  return new DjetError(code, message, { status })
}
