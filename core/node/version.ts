import { DjetError } from '../error.ts'
import type { Acl } from './access.ts'
import type { Node } from './node.ts'
import type { NodeStatus } from './status.ts'

/**
 * Names a version of a node: `5` the fifth state the node had, `'5.2'` the second draft on top of it. `Version.id`
 * gives it.
 */
export type VersionRef = number | string

/** One saved state of a node, without what it held. */
export interface VersionInfo {
  /** `'5'`, or of a draft `'5.2'`. */
  readonly id: string
  readonly version: number
  /** 0: a state of the node itself; else which draft on top of that version. */
  readonly draft: number
  /** The node itself is in this state. */
  readonly current: boolean
  /** The draft that is being worked on. */
  readonly open: boolean
  readonly name: string
  readonly title: string
  readonly status: NodeStatus
  readonly saved: Date
  /** Login of who saved it; null: the system. */
  readonly savedBy: string | null
  /** What he wrote about it, or where it came from. */
  readonly note: string | null
}

/** One saved state of a node, whole. */
export interface Version extends VersionInfo {
  readonly nodeId: number
  readonly basetype: string
  readonly part: string
  readonly data: Readonly<Record<string, unknown>>
  readonly acl: Acl | null
}

/** A row of `djet.node_version`, or of `djet.node` in its shape. */
export interface VersionRow {
  node_id: number
  version: number
  draft: number
  open: boolean
  current: boolean
  basetype: string
  part: string
  name: string
  title: string
  data: Record<string, unknown>
  acl: Acl | null
  status: NodeStatus
  saved: Date
  saved_by: string | null
  note: string | null
}

export function infoOf(row: Omit<VersionRow, 'data' | 'acl' | 'part' | 'basetype' | 'node_id'>): VersionInfo {
  const { version, draft, current, open, name, title, status, saved, note } = row
  const id = versionId(version, draft)
  return { id, version, draft, current, open, name, title, status, saved, savedBy: row.saved_by, note }
}

export function versionOfRow(row: VersionRow): Version {
  const { basetype, part, data, acl } = row
  return { ...infoOf(row), nodeId: row.node_id, basetype, part, data, acl }
}

/** The state a node is in, as a version. */
export function currentVersion(node: Node, note: string | null = null): Version {
  const { id: nodeId, version, name, title, status, basetype, part, data, acl } = node
  return {
    id: String(version),
    version,
    draft: 0,
    current: true,
    open: false,
    name,
    title,
    status,
    saved: node.modified,
    savedBy: node.modifiedBy,
    note,
    nodeId,
    basetype,
    part,
    data,
    acl,
  }
}

export function versionId(version: number, draft: number): string {
  return draft === 0 ? String(version) : `${version}.${draft}`
}

/**
 * Reads the name of a version.
 * @throws {DjetError} VERSION_INVALID, 400
 */
export function parseVersion(ref: VersionRef): { version: number; draft: number } {
  const [, version, draft = '0'] = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(String(ref)) ?? []
  if (version !== undefined) return { version: Number(version), draft: Number(draft) }
  throw new DjetError('VERSION_INVALID', `'${String(ref).slice(0, 40)}' names no version, as 5 or 5.2 do.`, {
    status: 400,
  })
}
