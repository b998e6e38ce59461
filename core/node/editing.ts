import type { Difference } from './diff.ts'
import type { RestoreOptions, VersionsOptions } from './history.ts'
import type { Node, Page } from './node.ts'
import type { NodeRef } from './nodes.ts'
import type { Version, VersionInfo, VersionRef } from './version.ts'

/** What was saved earlier. Everything here needs `edit` at the node. */
export interface NodeHistory {
  /** Saved states, the newest first, drafts among them; without their data. One page by key. */
  versions(ref: NodeRef, options?: VersionsOptions): Promise<Page<VersionInfo>>
  /**
   * One saved state, whole: `5`, or `'5.2'` for the second draft on top of it.
   * @throws {DjetError} VERSION_NOT_FOUND (404), VERSION_INVALID (400)
   */
  versionOf(ref: NodeRef, version: VersionRef): Promise<Version>
  /** What two versions have differently, field by field. */
  diff(ref: NodeRef, from: VersionRef, to: VersionRef): Promise<readonly Difference[]>
  /**
   * Puts an earlier state back as a new version: name, title and the fields that forms change. Address, rules and
   * what only code changes stay.
   * @throws {DjetError} VERSION_NOT_FOUND, NODE_CHANGED, FIELD_INVALID when it does not fit the fields of today
   */
  restore(ref: NodeRef, version: VersionRef, options?: RestoreOptions): Promise<Node>
}
