import type { Djet } from '../../../core/index.ts'
import { tellHooks } from '../hooks.ts'
import { DEFAULT_RETENTION } from '../options.ts'
import { taskUrl } from '../path.ts'
import type { SentTask } from '../send.ts'
import { nameKey, takeKey, type Unique } from '../unique.ts'
import { type IfFailed, type Upstream, writeDependencies } from './dependency.ts'
import { settle } from './settle.ts'

/** One task to be inserted. */
export interface TaskRow {
  readonly json: string
  readonly title: string | null
  readonly limitKey: string | null
  readonly uniqueKey: string
}

/** What the tasks of one call have in common. */
export interface Settings {
  readonly priority: number
  /** Null: after `delay`. */
  readonly runAfter: Date | null
  /** Milliseconds. */
  readonly delay: number
  readonly maxAttempts: number | null
  /** Milliseconds. */
  readonly timeout: number | null
  readonly reply: boolean
  readonly requestedBy: string | null
  readonly parent: number | null
}

/** Rows of one insert. */
export const CHUNK = 5000

const SEND = {
  name: 'jobmachine.send',
  text: `
    insert into jobmachine.task
      (class_id, title, parameters, priority, run_after, max_attempts, timeout, reply, requested_by, parent_id,
        limit_key, blocked)
    select class.id, sent.title, sent.parameters, $4,
      coalesce($5::timestamptz, now() + $6::float8 * interval '1 millisecond'), $7, $8, $9, $10, $11,
      sent.limit_key, $13
    from (select jobmachine.class_id($1) as id, set_config('jobmachine.quiet', 'on', true)) as class,
      unnest($2::text[], $3::text[], $12::text[]) with ordinality as sent (parameters, title, limit_key, n)
    order by sent.n
    returning task_id as id, (select path from djet.node where basetype = 'jobmachine') as node`,
}

/** Inserts tasks, in order. More than one piece, or tasks that wait for others, need a transaction. */
export async function writeRows(
  djet: Djet,
  className: string,
  rows: readonly TaskRow[],
  settings: Settings,
  upstream: Upstream | undefined,
  ifFailed: IfFailed,
): Promise<SentTask[]> {
  const { priority, runAfter, delay, maxAttempts, timeout, reply, requestedBy, parent } = settings
  const sent: SentTask[] = []
  for (let at = 0; at < rows.length; at += CHUNK) {
    const chunk = rows.slice(at, at + CHUNK)
    const made = await djet.query<{ id: number; node: string | null }>(SEND, [
      className,
      chunk.map((r) => r.json),
      chunk.map((r) => r.title),
      priority,
      runAfter,
      delay,
      maxAttempts,
      timeout,
      reply,
      requestedBy,
      parent,
      chunk.map((r) => r.limitKey),
      upstream?.open ?? 0,
    ])
    for (const { id, node } of made) sent.push({ id, url: taskUrl(node, id) })
    if (upstream) {
      await writeDependencies(
        djet,
        made.map((task) => task.id),
        upstream,
        ifFailed,
      )
    }
  }
  if (upstream && upstream.failed.length > 0) {
    const ended = await settle(djet, { parents: [], needed: upstream.failed }, DEFAULT_RETENTION)
    await djet.afterCommit(() => tellHooks(djet.app, ended))
  }
  return sent
}

const CONFLICT = {
  name: 'jobmachine.unique_conflict',
  text: `
    update jobmachine.task t
    set run_after = coalesce($2::timestamptz, now() + $3::float8 * interval '1 millisecond'),
      parameters = case when $4 then $5 else t.parameters end,
      title = case when $4 then $6 else t.title end,
      limit_key = case when $4 then $7 else t.limit_key end,
      priority = case when $4 then $8 else t.priority end, modified = now()
    from (select set_config('jobmachine.quiet', 'on', true)) as quiet
    where t.task_id = $1 and t.status = 0`,
}

/**
 * Inserts tasks that are unique, in a transaction: of each key one, the first that is still of account.
 * @param write inserts the rows it is given
 */
export async function insertUnique(
  djet: Djet,
  className: string,
  rows: readonly TaskRow[],
  settings: Settings,
  unique: Unique,
  write: (rows: readonly TaskRow[]) => Promise<SentTask[]>,
): Promise<SentTask[]> {
  const sent: SentTask[] = []
  // In the order of the keys, so that two senders of many do not wait for each other.
  const order = rows
    .map((row, n) => ({ row, n }))
    .sort((a, b) => (a.row.uniqueKey < b.row.uniqueKey ? -1 : 1))
  for (const { row, n } of order) {
    const id = await takeKey(djet, className, row.uniqueKey, unique)
    if (id === null) {
      const [task] = await write([row])
      await nameKey(djet, className, row.uniqueKey, unique, task!.id)
      sent[n] = task!
      continue
    }
    if (unique.otherwise !== 'keep') {
      const { runAfter, delay, priority } = settings
      const replace = unique.otherwise === 'replace'
      await djet.query(CONFLICT, [id, runAfter, delay, replace, row.json, row.title, row.limitKey, priority])
    }
    const [place] = await djet.query<{ node: string | null }>(
      `select (select path from djet.node where basetype = 'jobmachine') as node`,
    )
    sent[n] = { id, url: taskUrl(place?.node ?? null, id), existing: true }
  }
  return sent
}
