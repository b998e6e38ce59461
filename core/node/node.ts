import type { Acl } from './access.ts'
import type { NodeStatus } from './status.ts'

/** One place in the URL tree, as stored. */
export interface Node<D = Record<string, unknown>> {
  readonly id: number
  /** Null for the root only. */
  readonly parentId: number | null
  /** Its segment of the path; empty for the root only. */
  readonly part: string
  /** Full path, `/` for the root, kept by the database. */
  readonly path: string
  /** Order among its siblings. */
  readonly position: number
  readonly basetype: string
  /** Short name, for menus and breadcrumbs. */
  readonly name: string
  /** Heading of its page. */
  readonly title: string
  readonly data: D
  /** Its own rules, if any; rules above it in the tree hold where it is silent. */
  readonly acl: Acl | null
  readonly created: Date
  readonly modified: Date
  /** Login of who made it; null: the system. */
  readonly createdBy: string | null
  readonly modifiedBy: string | null
  /** Counts saves, from 1. */
  readonly version: number
  /** Whether visitors see it; see `NodeStatus`. */
  readonly status: NodeStatus
}

/** One page of a list, by key. `next` is the cursor of the following page, null at the end. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}
