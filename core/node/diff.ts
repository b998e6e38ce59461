import { isDeepStrictEqual } from 'node:util'
import { type ChangeObject, diffLines, diffWordsWithSpace } from 'diff'
import type { Basetype } from '../basetype.ts'
import type { Field, Fields } from '../field/field.ts'
import { fieldTitle } from '../field/index.ts'
import type { Content } from './change.ts'
import type { Version } from './version.ts'

/** A piece of text that both have, or only the earlier (`removed`) or the later (`added`). */
export interface TextPiece {
  readonly text: string
  readonly kind: 'same' | 'added' | 'removed'
}

/** A place in structured data, e.g. `address.lines[0]`, and what it held; undefined: nothing. */
export interface PathChange {
  readonly path: string
  /** The same for people, of lists of rows: `row 2, Price`. */
  readonly title?: string
  readonly before: unknown
  readonly after: unknown
}

/** One field that two versions of a node have differently. */
export interface Difference {
  /** `part`, `name`, `title`, `acl`, `status`, or a field of its basetype as `data.<name>`. */
  readonly field: string
  /** For people. */
  readonly title: string
  readonly before: unknown
  readonly after: unknown
  /** Of texts: word by word, of long ones line by line. */
  readonly text?: readonly TextPiece[]
  /** Of structured data: each place that differs. */
  readonly paths?: readonly PathChange[]
}

/** Characters of both texts together up to which words are compared; longer ones line by line. */
const LONGEST_FOR_WORDS = 20_000
/** Milliseconds one comparison of texts may take; then it is shown as removed and added. */
const LONGEST_TIME = 300
/** Places of structured data that are told. */
const MOST_PATHS = 500

/**
 * What differs between two states of a node, field by field.
 *
 * @example diffVersions(page, before, after) // [{ field: 'title', before: 'A', after: 'B', text: [...] }]
 */
export function diffVersions(basetype: Basetype, before: Version, after: Version): Difference[] {
  const own = [
    ['part', 'Address'],
    ['status', 'Status'],
    ['acl', 'Access'],
  ] as const
  const [texts, data] = [diffTexts(before, after), diffData(basetype, before, after)]
  return [
    ...texts,
    ...own.flatMap(([field, title]) => difference(field, title, before[field], after[field])),
    ...data,
  ]
}

/** What differs in what people write: name, title and fields. */
export function diffContents(basetype: Basetype, before: Content, after: Content): Difference[] {
  return [...diffTexts(before, after), ...diffData(basetype, before, after)]
}

function diffTexts(before: Content, after: Content): Difference[] {
  const own = [
    ['name', 'Name'],
    ['title', 'Title'],
  ] as const
  return own.flatMap(([field, title]) => difference(field, title, before[field], after[field]))
}

function diffData(basetype: Basetype, { data: before }: Content, { data: after }: Content): Difference[] {
  const names = new Set([...Object.keys(basetype.fields), ...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap((name) =>
    inWords(
      basetype.fields[name],
      difference(`data.${name}`, fieldTitle(name, basetype.fields[name]), before[name], after[name]),
    ),
  )
}

/** Places in a list of rows by the names of its columns. */
function inWords(field: Field | undefined, differences: Difference[]): Difference[] {
  const columns = field?.columns
  if (columns === undefined) return differences
  return differences.map((one) => ({
    ...one,
    ...(one.paths === undefined ? {} : { paths: one.paths.map((place) => titled(place, columns)) }),
  }))
}

function titled(place: PathChange, columns: Fields): PathChange {
  const [, row, column] = /^\[(\d+)\](?:\.(\w+))?/.exec(place.path) ?? []
  if (row === undefined) return place
  const title = `row ${Number(row) + 1}${column === undefined ? '' : `, ${fieldTitle(column, columns[column])}`}`
  return { ...place, title }
}

function difference(field: string, title: string, before: unknown, after: unknown): Difference[] {
  if (isDeepStrictEqual(before ?? null, after ?? null)) return []
  const change = { field, title, before: before ?? null, after: after ?? null }
  if (isText(before) && isText(after)) return [{ ...change, text: textPieces(before ?? '', after ?? '') }]
  if (isNested(before) || isNested(after)) {
    const paths: PathChange[] = []
    comparePaths('', before, after, paths)
    return [{ ...change, paths }]
  }
  return [change]
}

function isText(value: unknown): value is string | undefined | null {
  return value === undefined || value === null || typeof value === 'string'
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Two texts as the pieces that were kept, removed and added, in order. */
export function textPieces(before: string, after: string): TextPiece[] {
  const limits = { timeout: LONGEST_TIME }
  const changes =
    before.length + after.length > LONGEST_FOR_WORDS
      ? diffLines(before, after, limits)
      : diffWordsWithSpace(before, after, limits)
  const whole: readonly ChangeObject<string>[] = [
    { value: before, removed: true, added: false, count: 1 },
    { value: after, removed: false, added: true, count: 1 },
  ]
  return (changes ?? whole)
    .filter(({ value }) => value !== '')
    .map(({ value, added, removed }) => ({
      text: value,
      kind: added ? 'added' : removed ? 'removed' : 'same',
    }))
}

function comparePaths(path: string, before: unknown, after: unknown, paths: PathChange[]): void {
  if (paths.length >= MOST_PATHS || isDeepStrictEqual(before, after)) return
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++)
      comparePaths(`${path}[${i}]`, before[i], after[i], paths)
  } else if (isNested(before) && isNested(after) && !Array.isArray(before) && !Array.isArray(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const at = path === '' ? key : `${path}.${key}`
      comparePaths(
        at,
        (before as Record<string, unknown>)[key],
        (after as Record<string, unknown>)[key],
        paths,
      )
    }
  } else paths.push({ path, before, after })
}
