import { DjetError } from '../error.ts'
import { columnsOf } from './change.ts'
import { closeDraft, published } from './draft.ts'
import { editable, openDraft } from './history.ts'
import { lostUpdate } from './lost-update.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { Branch, NodeRef } from './nodes.ts'
import { refuseFixed } from './remove.ts'
import { save } from './save.ts'
import { isHidden, type NodeStatus } from './status.ts'
import { checkNote } from './text.ts'
import { currentVersion, type Version, type VersionRef } from './version.ts'
import { inTransaction, lock } from './within.ts'

export interface PublishOptions {
  /** Refuse (NODE_CHANGED, 409) unless the latest state, draft or not, is this one. */
  ifVersion?: VersionRef
  note?: string
  /** The draft goes before what was changed since it was begun. */
  over?: boolean
}

export interface Schedule {
  /** When the node, with its draft, is published; null: not by itself. Absent: as it was. */
  publishAt?: Date | null
  /** When it is unpublished. */
  unpublishAt?: Date | null
}

/** Where a node is between draft and published. */
export interface PublishState {
  readonly status: NodeStatus
  /** Hidden from visitors, by itself or by a node above it. */
  readonly hidden: boolean
  readonly publishAt: Date | null
  readonly unpublishAt: Date | null
  readonly draft: Version | null
}

interface ScheduleRow {
  publish_at: Date | null
  unpublish_at: Date | null
}

/** Channel on which new times are told. */
const CHANNEL = 'djet_schedule'

/** Locks a node that is to be published or unpublished. @throws {DjetError} NODE_NOT_FOUND, ACCESS_DENIED */
async function lockToPublish(store: NodeStore, ref: NodeRef): Promise<Branch> {
  const branch = await lock(store, ref, 'no key update')
  store.options.rights?.require('publish', branch)
  return branch
}

async function scheduleOf(store: NodeStore, node: Node): Promise<ScheduleRow> {
  const [row] = await store.options.connection.query<ScheduleRow>(
    'select publish_at, unpublish_at from djet.node where id = $1',
    [node.id],
  )
  return row ?? { publish_at: null, unpublish_at: null }
}

export async function publish(store: NodeStore, ref: NodeRef, options: PublishOptions = {}): Promise<Node> {
  return inTransaction(store, async (store) => {
    const branch = await lockToPublish(store, ref)
    const node = branch[0]!
    const draft = await openDraft(store, node)
    const latest = draft ?? currentVersion(node)
    if (options.ifVersion !== undefined && String(options.ifVersion) !== latest.id) {
      throw await lostUpdate(store, node, latest, options.ifVersion, {})
    }
    const { publish_at, unpublish_at } = await scheduleOf(store, node)
    const times = {
      ...(publish_at === null ? {} : { publish_at: null }),
      ...(unpublish_at !== null && unpublish_at <= new Date() ? { unpublish_at: null } : {}),
    }
    if (draft === null && node.status === 'published') {
      return save(store, node, branch[1], times, { counted: false })
    }
    const content = draft && columnsOf(await published(store, node, draft, options.over ?? false))
    const columns = { ...content, ...times, status: 'published' }
    const note = checkNote(options.note) ?? (draft && `draft ${draft.id}`)
    const result = await save(store, node, branch[1], columns, { note })
    await closeDraft(store, node)
    await store.audit('node.publish', result, {
      version: result.version,
      ...(draft ? { draft: draft.id } : {}),
    })
    return result
  })
}

export async function unpublish(
  store: NodeStore,
  ref: NodeRef,
  options: Omit<PublishOptions, 'over'> = {},
): Promise<Node> {
  return inTransaction(store, async (store) => {
    const branch = await lockToPublish(store, ref)
    const node = branch[0]!
    await refuseToHide(store, node)
    if (options.ifVersion !== undefined && String(options.ifVersion) !== String(node.version)) {
      throw await lostUpdate(store, node, currentVersion(node), options.ifVersion, {})
    }
    const columns = { unpublish_at: null }
    if (node.status !== 'published') return save(store, node, branch[1], columns, { counted: false })
    const note = checkNote(options.note)
    const result = await save(store, node, branch[1], { ...columns, status: 'unpublished' }, { note })
    await store.audit('node.unpublish', result, { version: result.version })
    return result
  })
}

/** @throws {DjetError} NODE_IS_ROOT, 422; NODE_GUARDED, 409: the site cannot do without it, or something below it */
async function refuseToHide(store: NodeStore, node: Node): Promise<void> {
  if (node.parentId === null)
    throw new DjetError('NODE_IS_ROOT', 'the root is always published.', { status: 422 })
  await refuseFixed(store, node)
}

export async function schedule(store: NodeStore, ref: NodeRef, times: Schedule): Promise<PublishState> {
  return inTransaction(store, async (store) => {
    const branch = await lockToPublish(store, ref)
    const node = branch[0]!
    const before = await scheduleOf(store, node)
    const publishAt = times.publishAt === undefined ? before.publish_at : times.publishAt
    const unpublishAt = times.unpublishAt === undefined ? before.unpublish_at : times.unpublishAt
    checkTime('publishAt', times.publishAt)
    checkTime('unpublishAt', times.unpublishAt)
    if (publishAt !== null && unpublishAt !== null && unpublishAt <= publishAt) {
      throw invalidTime('unpublishAt', 'must be after the time it is published')
    }
    if (unpublishAt !== null) await refuseToHide(store, node)
    const columns = { publish_at: publishAt, unpublish_at: unpublishAt }
    await save(store, node, branch[1], columns, { counted: false })
    await store.options.connection.query(`select pg_notify('${CHANNEL}', '')`)
    await store.audit('node.schedule', node, { publishAt, unpublishAt })
    return stateOf(store, branch)
  })
}

function checkTime(field: string, time: Date | null | undefined): void {
  if (time === undefined || time === null) return
  const year = time instanceof Date ? time.getUTCFullYear() : Number.NaN
  if (!(year >= 1970 && year < 10_000)) throw invalidTime(field, 'must be a date with a time')
}

function invalidTime(field: string, problem: string): DjetError {
  return new DjetError('SCHEDULE_INVALID', `${field} ${problem}.`, {
    status: 422,
    fields: { [field]: problem },
  })
}

export async function publishState(store: NodeStore, ref: NodeRef): Promise<PublishState> {
  const node = await editable(store, ref)
  return stateOf(store, await store.lookUp(node))
}

async function stateOf(store: NodeStore, branch: Branch): Promise<PublishState> {
  const node = branch[0]!
  const { publish_at, unpublish_at } = await scheduleOf(store, node)
  return {
    status: node.status,
    hidden: isHidden(branch),
    publishAt: publish_at,
    unpublishAt: unpublish_at,
    draft: await openDraft(store, node),
  }
}
