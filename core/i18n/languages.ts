import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { DjetError } from '../error.ts'
import type { Plugin } from '../plugin.ts'
import { DJET_FOLDER } from '../render.ts'
import { readCatalog } from './catalogs.ts'
import { Interface, type Texts } from './texts.ts'
import { Zone } from './zone.ts'

/** Cookie with the language that a visitor has chosen. */
export const LANGUAGE_COOKIE = 'djet_language'

/** Headers `Accept-Language` whose meaning is kept. */
const MOST_HEADERS = 500

/** A language one may choose. */
export interface LanguageChoice {
  readonly code: string
  /** Its name in itself: `Dansk`. */
  readonly name: string
}

/** The languages of a site: its texts in each, and which one a request gets. */
export class Languages {
  /** The first one is that of who chooses none. */
  readonly choices: readonly LanguageChoice[]
  readonly default: string
  /** By whose clocks times are shown and read. */
  readonly zone: Zone
  /** What answers depend on, for `Vary`. */
  readonly vary: string
  readonly #interface: Interface
  readonly #codes: readonly string[]
  readonly #byHeader: boolean
  readonly #known = new Map<string, string>()

  /** @throws {DjetError} TRANSLATIONS_INVALID, TRANSLATIONS_MISSING, ZONE_UNKNOWN */
  constructor(
    config: Pick<Config, 'dir' | 'languages' | 'acceptLanguage'> & { readonly timeZone?: string },
    plugins: readonly Plugin[],
  ) {
    const folders = [
      join(DJET_FOLDER, 'core/translations'),
      ...plugins.flatMap(({ folder }) => (folder ? [fileURLToPath(new URL('translations', folder))] : [])),
      join(config.dir, 'translations'),
    ]
    this.#codes = config.languages
    this.zone = new Zone(config.timeZone ?? 'UTC')
    for (const code of this.#codes) {
      if (readCatalog(folders, code) !== undefined) continue
      const where = join(config.dir, 'translations', `${code}.json`)
      throw new DjetError(
        'TRANSLATIONS_MISSING',
        `option 'languages': there are no translations for '${code}'. Write ${where}, or leave it out.`,
      )
    }
    this.default = this.#codes[0]!
    this.choices = this.#codes.map((code) => ({ code, name: nameOf(code) }))
    this.#byHeader = config.acceptLanguage && this.#codes.length > 1
    this.vary = this.#byHeader ? 'Accept, Cookie, Accept-Language' : 'Accept, Cookie'
    this.#interface = new Interface(folders, this.#codes, this.zone)
  }

  /** The texts in one of the languages; without one, or for one the site has not, in its first. */
  texts(language?: string | null): Texts {
    return this.#interface.in(this.find(language) ?? this.default)
  }

  /** One of the site's languages; undefined for anything else. */
  find(language: unknown): string | undefined {
    return this.#codes.find((code) => code === language)
  }

  /** The language of a request: the one chosen, else one the browser asks for where the site heeds that, else the first. */
  of({ headers }: Pick<IncomingMessage, 'headers'>): string {
    if (this.#codes.length === 1) return this.default
    const { cookie } = headers
    if (cookie?.includes(LANGUAGE_COOKIE)) {
      const chosen = this.find(/(?:^|; *)djet_language=([\w-]+)/.exec(cookie)?.[1])
      if (chosen !== undefined) return chosen
    }
    const asked = this.#byHeader ? headers['accept-language'] : undefined
    return asked === undefined ? this.default : this.#asked(asked)
  }

  #asked(header: string): string {
    const known = this.#known.get(header)
    if (known !== undefined) return known
    const found = best(header, this.#codes) ?? this.default
    if (this.#known.size < MOST_HEADERS) this.#known.set(header, found)
    return found
  }
}

/** The best language for a header such as `da, en;q=0.8`: the very one, else one of the same language elsewhere. */
function best(header: string, codes: readonly string[]): string | undefined {
  const wishes = header
    .slice(0, 200)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(/ *; */)
      const quality = Number(parameters.find((text) => text.startsWith('q='))?.slice(2) ?? 1)
      return { tag, quality }
    })
    .filter(({ tag, quality }) => tag !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality)
  for (const { tag } of wishes) {
    const base = tag.split('-')[0]
    const found =
      codes.find((code) => code.toLowerCase() === tag) ??
      codes.find((code) => code.toLowerCase().split('-')[0] === base)
    if (found !== undefined) return found
  }
  return undefined
}

function nameOf(code: string): string {
  const name = new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1)
}
