import { isDeepStrictEqual } from 'node:util'
import { DjetError } from '../error.ts'
import type { Content } from './change.ts'
import { versionOf } from './history.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { NodeChange } from './nodes.ts'
import { currentVersion, type Version, type VersionRef, versionId } from './version.ts'

/** One side of a change that met another, in `details` of NODE_CHANGED. */
export interface ChangeSide extends Content {
  readonly version: string
  readonly savedBy: string | null
  readonly saved: Date | null
}

/**
 * Two changed the same: an error that holds what there is now, what was to be saved, and where both began (null:
 * not kept), so that a page can show them and nothing typed is lost.
 *
 * @param expected the version the second began with
 */
export async function lostUpdate(
  store: NodeStore,
  node: Node,
  latest: Version,
  expected: VersionRef,
  change: Pick<NodeChange, 'name' | 'title' | 'data'>,
): Promise<DjetError> {
  const base = await versionOf(store, node, expected).catch(() => null)
  const from = base ?? latest
  const yours: ChangeSide = {
    version: String(expected),
    name: change.name || from.name,
    title: change.title || from.title,
    data: { ...from.data, ...change.data },
    savedBy: store.options.by,
    saved: null,
  }
  const theirs = sideOf(latest)
  const who = latest.savedBy ?? 'the system'
  const id = versionId(latest.version, latest.draft)
  const message = `${node.path} was changed by ${who} in the meantime (version ${id}).`
  const details = { current: theirs, yours, base: base && sideOf(base), fields: differing(theirs, yours) }
  return new DjetError('NODE_CHANGED', message, { status: 409, details })
}

/** Refuses to go on with another version than the one expected. @throws {DjetError} NODE_CHANGED, 409 */
export async function requireVersion(
  store: NodeStore,
  node: Node,
  { ifVersion }: { readonly ifVersion?: VersionRef },
): Promise<void> {
  if (ifVersion === undefined || String(ifVersion) === String(node.version)) return
  throw await lostUpdate(store, node, currentVersion(node), ifVersion, {})
}

function sideOf({ id, name, title, data, savedBy, saved }: Version): ChangeSide {
  return { version: id, name, title, data, savedBy, saved }
}

/** Names of what differs: `name`, `title`, and fields. */
export function differing(a: Content, b: Content): string[] {
  const fields = new Set([...Object.keys(a.data), ...Object.keys(b.data)])
  return [
    ...(a.name === b.name ? [] : ['name']),
    ...(a.title === b.title ? [] : ['title']),
    ...[...fields].filter((field) => !isDeepStrictEqual(a.data[field] ?? null, b.data[field] ?? null)),
  ]
}
