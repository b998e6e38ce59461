import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DjetError, messageOf } from '../error.ts'

/** Translations of one language: the English text -> the text. */
export type Catalog = Readonly<Record<string, string>>

/**
 * Reads `<folder>/<language>.json` of each folder and joins them; what comes later goes before. A language of a region
 * (`de-AT`) has what its language (`de`) has, where it says nothing of its own. Undefined: there is no file.
 *
 * @throws {DjetError} TRANSLATIONS_INVALID, with file and line
 */
export function readCatalog(folders: readonly string[], language: string): Catalog | undefined {
  const base = language.split('-')[0]!
  const names = base === language ? [base] : [base, language]
  const files = names
    .flatMap((name) => folders.map((folder) => join(folder, `${name}.json`)))
    .filter((file) => existsSync(file))
  if (files.length === 0) return undefined
  return Object.freeze(Object.assign({}, ...files.map(readFile)))
}

function readFile(file: string): Catalog {
  const text = readFileSync(file, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid(`${file}${placeOf(text, messageOf(error))}: ${messageOf(error)}.`, error)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${file}: it must be an object of English texts with their translations.`)
  }
  for (const [key, translation] of Object.entries(value)) {
    if (typeof translation === 'string' && translation !== '') continue
    const at = lineAt(text, text.indexOf(JSON.stringify(key)))
    throw invalid(`${file}, line ${at}: the translation of '${key}' must be a text that is not empty.`)
  }
  return value as Catalog
}

function invalid(message: string, cause?: unknown): DjetError {
  return new DjetError('TRANSLATIONS_INVALID', message, cause === undefined ? {} : { cause })
}

/** Where `JSON.parse` stopped, as far as its message tells: a position, or some text round it. */
function placeOf(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1]
  if (position !== undefined) return `, line ${lineAt(text, Number(position))}`
  if (message.includes('end of JSON')) return `, line ${lineAt(text.trimEnd(), text.length)}`
  const excerpt = /^Unexpected token .*?, (?:\.\.\.)?"([\s\S]*?)"(?:\.\.\.)? is not valid JSON$/.exec(
    message,
  )?.[1]
  const at = excerpt === undefined ? -1 : text.indexOf(excerpt)
  return at < 0 ? '' : `, near line ${lineAt(text, at + excerpt!.length / 2)}`
}

function lineAt(text: string, position: number): number {
  return text.slice(0, Math.max(position, 0)).split('\n').length
}
