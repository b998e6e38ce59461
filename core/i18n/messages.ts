import type { Catalog } from './catalogs.ts'

/** Finds the translation of a message that was put together in English, and the values in it. */
export interface Recognised {
  readonly key: string
  readonly values: Readonly<Record<string, string | number>>
}

export type Recognise = (message: string) => Recognised | undefined

interface Pattern {
  readonly key: string
  readonly names: readonly string[]
  readonly regex: RegExp
  /** Characters that are the same in each such message: the more, the better it fits. */
  readonly fixed: number
}

/**
 * Recognises messages such as `order 10248 is already shipped.` by the keys with values of a catalog,
 * `order {{number}} is already shipped.`. So messages are thrown, logged and shown at the terminal in plain English,
 * and only where a visitor sees them they are in his language. The key that has most in common with a message wins.
 */
export function recogniser(catalog: Catalog): Recognise {
  let patterns: readonly Pattern[] | undefined
  return (message) => {
    patterns ??= patternsOf(catalog)
    for (const { key, names, regex } of patterns) {
      const match = regex.exec(message)
      if (match)
        return { key, values: Object.fromEntries(names.map((name, i) => textOrCount(name, match[i + 1]))) }
    }
    return undefined
  }
}

/** What some values are made of. */
const VALUES: Readonly<Record<string, string>> = {
  count: '\\d+',
  ...Object.fromEntries(['number', 'n', 'id', 'line'].map((name) => [name, '\\S+?'])),
}

const WITH_VALUE = /\{\{-? *([\w]+)[^}]*\}\}/g
const OF_PLURAL = /_(zero|one|two|few|many|other)$/

function patternsOf(catalog: Catalog): Pattern[] {
  const keys = new Set(Object.keys(catalog).map((key) => key.replace(OF_PLURAL, '')))
  return [...keys].flatMap(patternOf).sort((a, b) => b.fixed - a.fixed)
}

function patternOf(key: string): Pattern[] {
  const names = [...key.matchAll(WITH_VALUE)].map((match) => match[1]!)
  if (names.length === 0) return []
  const fixed = key.split(WITH_VALUE).filter((_, index) => index % 2 === 0)
  // `{{done}} of {{total}}` would be found in many a sentence.
  const isVague = fixed.join('').replaceAll(/\P{L}/gu, '').length < 4 && !names.every((name) => VALUES[name])
  if (isVague) return []
  const source = fixed
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .reduce((before, text, i) => `${before}(${VALUES[names[i - 1]!] ?? '[\\s\\S]+?'})${text}`)
  return [{ key, names, regex: new RegExp(`^${source}$`), fixed: fixed.join('').length }]
}

/**
 * A message that was put together of others, each by itself: sentences, what is joined by `; `, and what stands behind the
 * name of a file or another `before: `. Undefined: nothing of it is known.
 */
export function byParts(message: string, translate: (part: string) => string): string | undefined {
  for (const [splits, joint] of JOINTS) {
    const parts = message.split(splits)
    if (parts.length < 2 || parts.length > 50) continue
    const told = parts.map((part) => (part === '' ? part : translate(part)))
    if (told.some((part, i) => part !== parts[i])) return told.join(joint)
  }
  const [, before = '', after = ''] = /^([^:]{1,300}): ([\s\S]+)$/.exec(message) ?? []
  const told = after === '' ? after : translate(after)
  return told === after ? undefined : `${translate(before)}: ${told}`
}

const JOINTS: readonly (readonly [RegExp, string])[] = [
  [/(?<=[.!?]) (?=\S)/, ' '],
  [/; /, '; '],
]

/** A count chooses the form of the plural, which it does as a number. */
function textOrCount(name: string, text = ''): [string, string | number] {
  return [name, name === 'count' && /^\d+$/.test(text) ? Number(text) : text]
}
