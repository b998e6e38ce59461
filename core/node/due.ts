import { DjetError } from '../error.ts'
import type { Djet } from '../scope.ts'
import { NOT_TRASHED } from './row.ts'

/** What one call of `publishDue` did. */
export interface DueResult {
  readonly published: number
  readonly unpublished: number
  /** Nodes that could not be; their time is taken back, and the audit says why. */
  readonly failed: number
  /** The next time at which something is due; in the past when there was more than one call may do. */
  readonly next: Date | null
}

interface DueRow {
  id: number
  what: 'publish' | 'unpublish'
}

/**
 * Publishes and unpublishes what is due: the earliest first, each in a transaction of its own, at most `limit`.
 * May be called by several processes at once and any number of times: each time is acted on once. Call it at the
 * time `nextPublishTime` gives and when the channel `djet_schedule` is notified.
 *
 * @example const { next } = await publishDue(app.scope({ origin: { door: 'job' } }))
 */
export async function publishDue(djet: Djet, { limit = 100 }: { limit?: number } = {}): Promise<DueResult> {
  const system = djet.asSystem()
  const rows = await system.query<DueRow>(
    `(select id, 'publish' as what, publish_at as due from djet.node
      where publish_at is not null and trash_id is null and publish_at <= now() order by publish_at limit $1)
     union all
     (select id, 'unpublish', unpublish_at from djet.node
      where unpublish_at is not null and trash_id is null and unpublish_at <= now() order by unpublish_at limit $1)
     order by due, id limit $1`,
    [limit],
  )
  const counts = { published: 0, unpublished: 0, failed: 0 }
  for (const row of rows) {
    const outcome = await act(system, row)
    if (outcome !== 'done already') counts[outcome]++
  }
  return { ...counts, next: await nextPublishTime(system) }
}

/** When something is next to be published or unpublished by itself; null: nothing is. */
export async function nextPublishTime(djet: Djet): Promise<Date | null> {
  const [row] = await djet.query<{ next: Date | null }>(
    `select least(
       (select min(publish_at) from djet.node where publish_at is not null and trash_id is null),
       (select min(unpublish_at) from djet.node where unpublish_at is not null and trash_id is null)) as next`,
  )
  return row?.next ?? null
}

async function act(
  djet: Djet,
  { id, what }: DueRow,
): Promise<'published' | 'unpublished' | 'failed' | 'done already'> {
  const column = `${what}_at`
  try {
    return await djet.transaction(async (djet) => {
      const still = await djet.query(
        `select from djet.node where id = $1 and ${NOT_TRASHED} and ${column} <= now() for no key update skip locked`,
        [id],
      )
      if (still.length === 0) return 'done already'
      const node = await djet.nodes[what](id, { note: 'at the time set' })
      // The store notes nothing of what the site does by itself, but who set the time wants to know.
      await djet.audit({ action: `node.${what}`, subject: node.name, nodeId: id, data: { scheduled: true } })
      return what === 'publish' ? 'published' : 'unpublished'
    })
  } catch (error) {
    if (!(error instanceof DjetError) || error.status >= 500) throw error
    // What cannot be done now is not tried for ever.
    await djet.transaction(async (djet) => {
      await djet.query(`update djet.node set ${column} = null where id = $1`, [id])
      const { code, message } = error
      await djet.audit({ action: `node.${what}.failed`, nodeId: id, data: { code, message } })
    })
    djet.log.warn({ err: error, node: id }, `a node could not be ${what}ed at its time`)
    return 'failed'
  }
}
