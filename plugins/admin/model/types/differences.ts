import { isDeepStrictEqual } from 'node:util'
import type { Basetype, Field } from '../../../../core/index.ts'

/** One thing that two states of a type say differently, in words. */
export interface TypeDifference {
  /** `title`, `parents`, `field price`, … */
  readonly place: string
  readonly before: string
  readonly after: string
}

const PLACES = ['title', 'parents', 'children', 'max', 'menu', 'childOrder', 'liquid'] as const
const COMMON = ['title', 'help', 'required', 'default', 'searchable', 'updatable', 'storage', 'css'] as const

/** What two types, or two states of one, say differently. */
export function typeDifferences(before: Basetype, after: Basetype): TypeDifference[] {
  const found: TypeDifference[] = []
  const compare = (place: string, a: unknown, b: unknown): void => {
    if (!isDeepStrictEqual(a, b)) found.push({ place, before: words(a), after: words(b) })
  }
  for (const place of PLACES) compare(place, before[place], after[place])
  for (const name of new Set([...Object.keys(before.fields), ...Object.keys(after.fields)])) {
    const [a, b] = [before.fields[name], after.fields[name]]
    if (a && b) for (const [what, left, right] of fieldPairs(a, b)) compare(`${name}: ${what}`, left, right)
    else compare(name, a?.type, b?.type)
  }
  const order = (type: Basetype, other: Basetype) =>
    Object.keys(type.fields).filter((name) => other.fields[name])
  compare('order', order(before, after), order(after, before))
  return found
}

function fieldPairs(a: Field, b: Field): [string, unknown, unknown][] {
  if (a.type !== b.type) return [['type', a.type, b.type]]
  const settings = [...new Set([...Object.keys(a.settings), ...Object.keys(b.settings)])]
  return [
    ...COMMON.map((name): [string, unknown, unknown] => [name, a[name], b[name]]),
    ...settings.map((name): [string, unknown, unknown] => [name, a.settings[name], b.settings[name]]),
  ]
}

function words(value: unknown): string {
  if (value === undefined || value === null) return '–'
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ') || '–'
  return JSON.stringify(value)
}
