import slugify from '@sindresorhus/slugify'
import { DjetError } from '../error.ts'

const MAX_PART = 200

/**
 * What nobody sees in an address, and what turns its direction so that it reads as another. The joiners stay: emoji
 * and some scripts need them.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Surrogate}/u

/**
 * Checks a segment of a path and gives it back in Unicode's composed form.
 * @throws {DjetError} NODE_PART_INVALID, 422
 */
export function checkPart(part: string): string {
  const composed = part.normalize('NFC')
  const problem =
    composed === ''
      ? 'must not be empty'
      : composed.length > MAX_PART
        ? `is longer than ${MAX_PART} characters`
        : /[/\\]/.test(composed)
          ? "must not contain '/' or '\\'"
          : UNSEEN.test(composed)
            ? 'must not contain control characters'
            : composed !== composed.trim()
              ? 'must not begin or end with a space'
              : ['.', '..', '-'].includes(composed)
                ? `must not be '${composed}'`
                : undefined
  if (problem === undefined) return composed
  throw new DjetError('NODE_PART_INVALID', `the part of the address ${problem}.`, {
    status: 422,
    fields: { part: problem },
  })
}

/** A segment made from a name: `Côte de Blaye` -> `cote-de-blaye`; `node` when nothing is left of it. */
export function partFrom(name: string): string {
  return slugify(name).slice(0, MAX_PART).replace(/-+$/, '') || 'node'
}

/** All prefixes of a path, the longest first: `/a/b` -> `['/a/b', '/a', '/']`. */
export function prefixesOf(path: string): string[] {
  const prefixes: string[] = []
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) prefixes.push(path.slice(0, end))
  if (path !== '/') prefixes.push('/')
  return prefixes
}
