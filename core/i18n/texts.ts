import { createInstance, type i18n } from 'i18next'
import { type Catalog, readCatalog } from './catalogs.ts'
import { type Formats, formatsOf } from './formats.ts'
import { byParts, type Recognise, type Recognised, recogniser } from './messages.ts'
import type { Zone } from './zone.ts'

/** What stands for `{{name}}` in a text. `count` chooses the form of the plural, `context` one of several meanings. */
export type TextValues = Readonly<Record<string, string | number | null | undefined>>

/** The interface in one language: its texts, its dates and its numbers. */
export interface Texts extends Formats {
  /** BCP 47: `en`, `da`, `pt-BR`. */
  readonly language: string
  /**
   * A text of the interface in this language; the English text itself where there is no translation.
   *
   * @example t('Save draft'); t('{{count}} pages', { count: 3 }); t('Open', { context: 'state' })
   */
  t(text: string, values?: TextValues): string
  /**
   * A text with markup of its own, `Fields in <strong>bold</strong> are mandatory.`. Values are escaped, except those
   * written `{{- name}}`, which are HTML. Templates put it out with `<%~ … %>`.
   */
  tHtml(text: string, values?: TextValues): string
  /**
   * A message that was put together in English, such as that of an error, in this language: recognised by the text of
   * the translations with `{{names}}` in place of what varies. The message itself where it is not known.
   */
  message(message: string): string
  /** The same for the messages of a form's fields. */
  messages(messages: Readonly<Record<string, string>>): Record<string, string>
}

const NAMESPACE = 'djet'

/** Names of values that are messages themselves. */
const WORDS: ReadonlySet<string> = new Set(['problem', 'hint', 'why', 'state', 'next'])

/** The texts of a site in all its languages, read once at boot. */
export class Interface {
  readonly #engine: i18n
  readonly #languages = new Map<string, Texts>()
  readonly #folders: readonly string[]
  readonly #zone: Zone

  /** @param folders folders of translations, those that go before others last */
  constructor(folders: readonly string[], languages: readonly string[], zone: Zone) {
    this.#folders = folders
    this.#zone = zone
    this.#engine = createInstance()
    void this.#engine.init({
      initAsync: false,
      lng: 'en',
      fallbackLng: 'en',
      resources: {},
      ns: NAMESPACE,
      defaultNS: NAMESPACE,
      // Keys are sentences.
      keySeparator: false,
      nsSeparator: false,
      returnNull: false,
      interpolation: { escapeValue: false, escape: escapeHtml },
    })
    // Plurals of English texts.
    this.#load('en')
    for (const language of languages) this.#load(language)
  }

  /** The texts in one of the site's languages; in the first one when it is none of them. */
  in(language: string): Texts {
    return this.#languages.get(language) ?? this.#languages.get('en')!
  }

  #load(language: string): void {
    if (this.#languages.has(language)) return
    const catalog: Catalog = readCatalog(this.#folders, language) ?? {}
    this.#engine.addResourceBundle(language, NAMESPACE, { ...catalog, ...furtherPlurals(catalog, language) })
    this.#languages.set(language, this.#textsOf(language, catalog))
  }

  #textsOf(language: string, catalog: Catalog): Texts {
    const plain = (text: string): string => (Object.hasOwn(catalog, text) ? catalog[text]! : text)
    const recognise: Recognise = recogniser(catalog)
    const say = (text: string, values: TextValues, escapeValue: boolean): string => {
      const { count, context, ...replace } = values
      // Neither a plural nor a choice of meanings: most texts, and the library takes its time.
      if (count === undefined && context === undefined) {
        const known = plain(text)
        if (!SPECIAL.test(known)) return fillIn(known, replace, escapeValue)
      }
      return this.#engine.t(text, {
        lng: language,
        ns: NAMESPACE,
        replace: { ...replace, count },
        interpolation: { escapeValue },
        ...(typeof count === 'number' ? { count } : {}),
        ...(context === undefined || context === null ? {} : { context: String(context) }),
      })
    }
    const whole = (message: string): string | undefined => {
      if (Object.hasOwn(catalog, message)) return catalog[message]!
      const known = recognise(message)
      if (known === undefined && message.endsWith('.')) {
        // Put together of the same words as one that ends no sentence.
        const told = whole(message.slice(0, -1))
        return told && `${told}.`
      }
      return known && say(known.key, withWords(known.values), false)
    }
    // What else is in a message is of the site: a title, a name, a number.
    const withWords = (values: Recognised['values']): Recognised['values'] =>
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [
          name,
          WORDS.has(name) && typeof value === 'string' ? translated(value) : value,
        ]),
      )
    const translated = (message: string): string => {
      const known = message ? whole(message) : ''
      if (known !== undefined) return known
      // Where a message begins a sentence, it begins with a capital.
      const first = message.charAt(0)
      const small = first.toLowerCase() + message.slice(1)
      const told = small === message ? small : whole(small)
      if (told === undefined || told === small) return byParts(message, translated) ?? message
      return told.charAt(0).toLocaleUpperCase(language) + told.slice(1)
    }
    return Object.freeze<Texts>({
      language,
      t: (text, values) => (values === undefined ? plain(text) : say(text, values, false)),
      tHtml: (text, values) => (values === undefined ? plain(text) : say(text, values, true)),
      message: translated,
      messages: (messages) =>
        Object.fromEntries(Object.entries(messages).map(([name, text]) => [name, translated(text)])),
      ...formatsOf(language, this.#zone),
    })
  }
}

/** Forms that a language has for rare numbers, such as a million in Italian: as for most, where a catalog has none. */
function furtherPlurals(catalog: Catalog, language: string): Catalog {
  const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions()
  const others = Object.keys(catalog).filter((key) => key.endsWith('_other'))
  const entries = others.flatMap((key) =>
    pluralCategories.map((category) => [key.replace(/_other$/, `_${category}`), catalog[key]!] as const),
  )
  return Object.fromEntries(entries.filter(([key]) => !Object.hasOwn(catalog, key)))
}

/** What more is in a text than names of values: formats, HTML, other texts. */
const SPECIAL = /\{\{[^}]*[^\w}]|\$t\(/

function fillIn(text: string, values: TextValues, escapeValue: boolean): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = String(values[name] ?? '')
    return escapeValue ? escapeHtml(value) : value
  })
}

/** Text as it stands in HTML. */
export function escapeHtml(value: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return value.replace(/[&<>"']/g, (character) => entities[character]!)
}
