import type { Difference } from './diff.ts'
import type { DraftChange } from './draft.ts'
import type { DuplicateOptions } from './duplicate.ts'
import type { RestoreOptions, VersionsOptions } from './history.ts'
import type { MoveReport } from './move.ts'
import type { Node, Page } from './node.ts'
import type { DeleteOptions, NodeRef, Place } from './nodes.ts'
import type { PublishOptions, PublishState, Schedule } from './publish.ts'
import type { NewRedirect, Redirect, RedirectListOptions } from './redirect.ts'
import type { TrashItem, TrashListOptions, TrashPlace } from './trash.ts'
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

/**
 * Drafts and what visitors see. A draft of a published node is kept among its versions until it is published, while
 * visitors see the published one. A node that is not published is hidden from those who may not edit it, with all
 * that stands below it: its page is not found, and lists and menus leave it out.
 */
export interface NodePublishing {
  /**
   * Saves a draft on top of what is published, or of the draft that is there. A node that is not published is changed
   * itself. Needs `edit`.
   * @throws {DjetError} NODE_CHANGED (409), FIELD_INVALID (422)
   */
  saveDraft(ref: NodeRef, change: DraftChange): Promise<Version>
  /** The draft that is being worked on, or null. */
  draftOf(ref: NodeRef): Promise<Version | null>
  /** The node as it would be with its draft published, for previews and forms. */
  withDraft(ref: NodeRef): Promise<Node>
  /** Ends the work on a draft, which stays among the versions. False: there was none. */
  discardDraft(ref: NodeRef): Promise<boolean>
  /**
   * Shows a node to visitors, with its draft if it has one: what the draft changed is put into what the node is now.
   * Needs `publish`.
   * @throws {DjetError} NODE_CHANGED (409) when draft and node changed the same since the draft was begun, unless `over`
   */
  publish(ref: NodeRef, options?: PublishOptions): Promise<Node>
  /** Hides a node and what is below it. Needs `publish`. @throws {DjetError} NODE_IS_ROOT, NODE_GUARDED */
  unpublish(ref: NodeRef, options?: Omit<PublishOptions, 'over'>): Promise<Node>
  /** Sets when it is published and unpublished by itself. Needs `publish`. @throws {DjetError} SCHEDULE_INVALID (422) */
  schedule(ref: NodeRef, times: Schedule): Promise<PublishState>
  /** Where a node is between draft and published. Needs `edit`. */
  publishState(ref: NodeRef): Promise<PublishState>
}

/** The trash: subtrees that are gone for everybody, their addresses free, and come back whole. */
export interface NodeTrash {
  /**
   * Puts a node with its subtree into the trash, as one. Needs `edit`, of a published node `publish` as well.
   * @throws {DjetError} NODE_IS_ROOT, NODE_GUARDED, NODE_NOT_TRASHABLE
   */
  trash(ref: NodeRef, options?: DeleteOptions): Promise<TrashItem>
  /**
   * Puts a subtree back, with its versions and the redirects to it: where it stood, or elsewhere.
   * @throws {DjetError} TRASH_NOT_FOUND (404), TRASH_PARENT_GONE and NODE_EXISTS (409), and those of insert
   */
  restoreTrash(id: number, to?: TrashPlace): Promise<Node>
  /** What is in the trash, the latest first: what the user could edit where it stood. One page by key. */
  listTrash(options?: TrashListOptions): Promise<Page<TrashItem>>
  /** Deletes a trashed subtree for good; the number of nodes that went. */
  purgeTrash(id: number): Promise<number>
  /** Deletes for good what was trashed before a time, at most `most` subtrees. For the system and administrators. */
  emptyTrash(before: Date, most?: number): Promise<number>
}

/** Old addresses. A moved or renamed node leaves one redirect, whatever stands below it. */
export interface NodeRedirects {
  /**
   * Where an address that has no page leads, all steps at once; null: nowhere.
   * @throws {DjetError} REDIRECT_LOOP
   */
  redirectOf(path: string): Promise<string | null>
  /** Redirects by address, one page by key. Needs `edit` at the deepest node of `below`, or at `to`. */
  listRedirects(options?: RedirectListOptions): Promise<Page<Redirect>>
  /**
   * Needs `edit` at the deepest node along `from`.
   * @throws {DjetError} REDIRECT_INVALID (422), REDIRECT_TAKEN, REDIRECT_EXISTS, REDIRECT_LOOP (409)
   */
  addRedirect(redirect: NewRedirect): Promise<Redirect>
  /** @throws {DjetError} REDIRECT_NOT_FOUND (404) */
  removeRedirect(id: number): Promise<void>
}

/** Moving and copying with a look before. */
export interface NodeMoving {
  /** What `move` would do, or why it is not possible; nothing is changed. */
  moveReport(ref: NodeRef, place: Place): Promise<MoveReport>
  /** Copies a node, with `deep` its whole subtree; the copy is a draft unless asked otherwise. Needs `edit` at both. */
  duplicate(ref: NodeRef, options?: DuplicateOptions): Promise<Node>
}
