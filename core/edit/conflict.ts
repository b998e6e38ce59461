import { isDeepStrictEqual } from 'node:util'
import type { Basetype } from '../basetype.ts'
import type { DjetError } from '../error.ts'
import { fieldTitle, isEmpty } from '../field/index.ts'
import type { Content } from '../node/change.ts'
import { type Difference, diffContents } from '../node/diff.ts'
import type { ChangeSide } from '../node/lost-update.ts'

/** What the form of the second who saves shows. */
export interface Conflict {
  /** Who saved first; null: the site itself. */
  readonly by: string | null
  readonly saved: Date | null
  /** The version that is there now, with which the form goes on. */
  readonly version: string
  /** What both changed: from what is there now to what was typed. */
  readonly differences: readonly Difference[]
  /** Titles of fields that only the first one changed, whose state the form has taken over. */
  readonly taken: readonly string[]
  /** Texts of the form that are not what was typed: those taken over, and the version. */
  readonly values: Readonly<Record<string, string>>
}

const OWN = [
  ['name', 'Name'],
  ['title', 'Title'],
] as const

/**
 * What an error NODE_CHANGED means for a form: a field that the second one left as he found it takes the state of the
 * first, and only what both changed is left to him to decide.
 */
export function conflictOf(basetype: Basetype, { details }: DjetError): Conflict {
  const { current, yours, base } = details as unknown as {
    current: ChangeSide
    yours: ChangeSide
    base: ChangeSide | null
  }
  const values: Record<string, string> = { version: current.version }
  const taken: string[] = []
  const merged = { name: yours.name, title: yours.title, data: { ...yours.data } }
  for (const [name, title] of OWN) {
    if (!isOnlyTheirs(base?.[name], current[name], yours[name], base)) continue
    merged[name] = current[name]
    values[name] = current[name]
    taken.push(title)
  }
  for (const [name, field] of Object.entries(basetype.fields)) {
    if (!isOnlyTheirs(base?.data[name], current.data[name], yours.data[name], base)) continue
    const value = current.data[name]
    merged.data[name] = value
    values[name] = isEmpty(value) ? '' : field.toForm(value)
    taken.push(fieldTitle(name, field))
  }
  const differences = diffContents(basetype, current, merged)
  return { by: current.savedBy, saved: current.saved, version: current.version, differences, taken, values }
}

function isOnlyTheirs(was: unknown, is: unknown, typed: unknown, base: Content | null): boolean {
  const same = (a: unknown, b: unknown) => isDeepStrictEqual(a ?? null, b ?? null)
  return base !== null && same(was, typed) && !same(is, typed)
}
