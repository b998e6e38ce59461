import { isDeepStrictEqual } from 'node:util'
import { type Content, changed, columnsOf, filled, putInto } from './change.ts'
import { editable, openDraft, versionOf } from './history.ts'
import { lostUpdate } from './lost-update.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { NodeRef } from './nodes.ts'
import { save } from './save.ts'
import { checkNote } from './text.ts'
import { currentVersion, type Version, type VersionRef, type VersionRow, versionOfRow } from './version.ts'
import { basetypeOf, inTransaction, lock } from './within.ts'

/** What a draft changes; address and rules are changed by `update` and `move`, at once. */
export interface DraftChange {
  name?: string
  title?: string
  data?: Readonly<Record<string, unknown>>
  /** Refuse (NODE_CHANGED, 409) unless the latest state, draft or not, is this one. */
  ifVersion?: VersionRef
  note?: string
  /** Replaces the draft that is there when it is by the same user: for saving while he types. */
  amend?: boolean
}

/** Works on a draft on top of what is published; of a node that is not published, on the node itself. */
export async function saveDraft(store: NodeStore, ref: NodeRef, change: DraftChange): Promise<Version> {
  return inTransaction(store, async (store) => {
    const branch = await lock(store, ref, 'no key update')
    const node = branch[0]!
    const draft = await openDraft(store, node)
    const latest = draft ?? currentVersion(node)
    if (change.ifVersion !== undefined && String(change.ifVersion) !== latest.id) {
      throw await lostUpdate(store, node, latest, change.ifVersion, change)
    }
    const content = await changed(store, latest, change)
    const note = checkNote(change.note)
    if (node.status !== 'published' && draft === null) {
      const saved = await save(store, node, branch[1], columnsOf(content), { note })
      await store.audit('node.save', saved, { version: saved.version, status: saved.status })
      return currentVersion(saved, note)
    }
    const saved = await keepDraft(store, node, latest, { ...latest, ...content }, note, change.amend ?? false)
    await store.audit('node.draft', node, { version: saved.id })
    return saved
  })
}

async function keepDraft(
  store: NodeStore,
  node: Node,
  latest: Version,
  { name, title, data }: Content,
  note: string | null,
  amend: boolean,
): Promise<Version> {
  const { connection, by } = store.options
  const amends = amend && latest.open && latest.savedBy === by
  await connection.query(
    amends
      ? 'delete from djet.node_version where node_id = $1 and open'
      : 'update djet.node_version set open = false where node_id = $1 and open',
    [node.id],
  )
  const [row] = await connection.query<VersionRow>(
    `insert into djet.node_version
       (node_id, version, draft, open, basetype, part, name, title, data, acl, status, saved_by, note)
     values ($1, $2, (select greatest(coalesce(max(draft), 0), $11) + 1 from djet.node_version
       where node_id = $1 and version = $2), true, $3, $4, $5, $6, $7, $8, 'draft', $9, $10)
     returning *, false as current`,
    [
      node.id,
      latest.version,
      node.basetype,
      node.part,
      name,
      title,
      JSON.stringify(data),
      node.acl && JSON.stringify(node.acl),
      by,
      note,
      latest.draft,
    ],
  )
  return versionOfRow(row!)
}

/** Ends the work on a draft; it stays among the versions. False: there was none. */
export async function discardDraft(store: NodeStore, ref: NodeRef): Promise<boolean> {
  return inTransaction(store, async (store) => {
    const [node] = await lock(store, ref, 'no key update')
    const draft = await closeDraft(store, node!)
    if (draft !== null) await store.audit('node.draft.discard', node!, { version: draft })
    return draft !== null
  })
}

/** @returns which it was */
export async function closeDraft(store: NodeStore, node: Pick<Node, 'id'>): Promise<string | null> {
  const [row] = await store.options.connection.query<{ id: string }>(
    `update djet.node_version set open = false where node_id = $1 and open returning version || '.' || draft as id`,
    [node.id],
  )
  return row?.id ?? null
}

export async function draftOf(store: NodeStore, ref: NodeRef): Promise<Version | null> {
  return openDraft(store, await editable(store, ref))
}

/** The node as it would be with its draft published; the node itself when there is none. */
export async function withDraft(store: NodeStore, ref: NodeRef): Promise<Node> {
  const node = await editable(store, ref)
  const draft = await openDraft(store, node)
  if (draft === null) return node
  const { name, title, data } = putInto(store, node, draft)
  return Object.freeze({ ...node, name, title, data: Object.freeze(data) })
}

/**
 * What publishing a draft makes of its node: what the draft changed since it was begun is put into what the node is
 * now. Both may have changed the same.
 *
 * @param over the draft goes before what was changed meanwhile
 * @throws {DjetError} NODE_CHANGED, 409
 */
export async function published(
  store: NodeStore,
  node: Node,
  draft: Version,
  over: boolean,
): Promise<Content> {
  const theirs = putInto(store, node, draft)
  if (draft.version === node.version) return theirs
  const base = await versionOf(store, node, draft.version).catch(() => null)
  const data: Record<string, unknown> = { ...node.data }
  let conflict = false
  const pick = <T>(was: T | undefined, is: T, drafted: T): T => {
    if (isDeepStrictEqual(is, drafted)) return is
    if (base !== null && isDeepStrictEqual(was, drafted)) return is
    if (base === null || !isDeepStrictEqual(was, is)) conflict = true
    return drafted
  }
  const { fields } = basetypeOf(store, node.basetype)
  for (const field of Object.keys(fields)) {
    data[field] = pick(base?.data[field], node.data[field], theirs.data[field])
  }
  const content = {
    name: pick(base?.name, node.name, theirs.name),
    title: pick(base?.title, node.title, theirs.title),
    data: filled(data),
  }
  if (conflict && !over) throw await lostUpdate(store, node, currentVersion(node), draft.version, theirs)
  return content
}
