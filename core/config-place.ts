import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DjetError } from './error.ts'

/**
 * An error of loading a site's configuration, with the place in the site's files that it came from: `… (plugins/shop/basetypes.ts:46)`.
 * @param folder of the site
 */
export function withPlace(error: DjetError, folder: string): DjetError {
  const where = placeOf(error, folder)
  if (where === undefined) return error
  const { code, message, status, expose, fields, details } = error
  return new DjetError(code, `${message} (${where})`, {
    status,
    expose,
    cause: error,
    ...(fields && { fields }),
    ...(details && { details }),
  })
}

/** The line of the site's files that an error came from, `plugins/shop/basetypes.ts:46`; undefined when it is none of them. */
export function placeOf(error: unknown, folder: string): string | undefined {
  const place = (error instanceof Error ? (error.stack ?? '') : '')
    .split('\n')
    .map((line) => /(file:\/\/\S+|\/[^():]*|[A-Z]:\\[^():]*):(\d+):\d+\)?$/.exec(line))
    .map((match) => match && { file: pathOf(match[1]!), line: match[2]! })
    .find((found) => found?.file.startsWith(folder + sep) && !found.file.includes(`${sep}node_modules${sep}`))
  return place ? `${place.file.slice(folder.length + 1)}:${place.line}` : undefined
}

function pathOf(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file
}
