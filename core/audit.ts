import type { Connection } from './db/connection.ts'
import { DjetError, didYouMean } from './error.ts'
import { checkLimit, fromCursor, toCursor } from './node/cursor.ts'
import type { Page } from './node/node.ts'
import type { Djet } from './scope.ts'

/** By which way an action came: a form, a program over HTTP, the command line, a task, or the site by itself. */
export type Door = 'page' | 'api' | 'cli' | 'job' | 'system'

/** All doors. */
export const DOORS: readonly Door[] = ['page', 'api', 'cli', 'job', 'system']

/** Where a piece of work comes from. */
export interface Origin {
  readonly door: Door
  /** Which command or task it is, e.g. `task 7`. */
  readonly via?: string
}

/** An action to be noted. */
export interface AuditEntry {
  /** `<plugin>.<verb>`, e.g. `jobmachine.cancel`; core's own begin with `node.`, `login.`, `user.` and the like. */
  action: string
  /** What it was done to, for people: `task 7`, `ann`. Cut at 500 characters. */
  subject?: string
  /** The node it was done at. Its path is looked up unless it is given. */
  nodeId?: number
  /** Path of the node, where it is no longer the one the database knows (a node that was deleted). */
  nodePath?: string
  /** Further facts, as JSON: what was changed from what to what. Never a password or a token. */
  data?: Readonly<Record<string, unknown>>
  /** Who did it; the scope's user when absent. At a login the scope does not know him yet. */
  login?: string
}

/** An action that was noted. */
export interface AuditLine {
  readonly id: number
  readonly at: Date
  /** Null: a visitor, or the system itself. */
  readonly login: string | null
  readonly door: Door
  readonly via: string | null
  readonly action: string
  readonly subject: string | null
  readonly nodeId: number | null
  /** Where the node was at the time. */
  readonly nodePath: string | null
  readonly data: Readonly<Record<string, unknown>> | null
}

export interface AuditFilter {
  action?: string | undefined
  /** Login of who did it. */
  user?: string | undefined
  door?: string | undefined
  nodeId?: number | undefined
  /** From this time on. */
  since?: Date | undefined
  /** Before this time. */
  until?: Date | undefined
  /** `next` of the page before. */
  before?: string | undefined
  /** 1 to 1,000; 50 when absent. */
  limit?: number | undefined
}

/** Characters of a text that is kept. */
const TEXT = 500
/** Characters of `data` as JSON. */
const DATA = 20_000

const INSERT = {
  name: 'djet-audit',
  text: `insert into djet.audit (login, door, via, action, subject, node_id, node_path, data)
    values ($1, $2, $3, $4, $5, $6::integer,
      coalesce($7, (select n.path from djet.node n where n.id = $6::integer)), $8::jsonb)`,
}

/**
 * Notes an action on a connection. Use `djet.audit()`.
 * @throws {DjetError} AUDIT_INVALID
 */
export async function writeAudit(
  connection: Connection,
  { door, via }: Origin,
  login: string | null,
  entry: AuditEntry,
): Promise<void> {
  if (!/^[a-z][\w-]*(\.[\w-]+)+$/.test(entry.action) || entry.action.length > 100) {
    throw new DjetError('AUDIT_INVALID', `an action is called <plugin>.<verb>, not '${entry.action}'.`)
  }
  await connection.query(INSERT, [
    text(entry.login ?? login),
    door,
    text(via),
    entry.action,
    text(entry.subject),
    entry.nodeId ?? null,
    entry.nodePath ?? null,
    json(entry.data),
  ])
}

/** What a client wrote may hold what the database does not store. */
function text(value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : clean(value.slice(0, TEXT))
}

/** Without NUL and halves of characters. */
function clean(value: string): string {
  return value.replaceAll('\0', '').replace(/[\ud800-\udfff]/gu, '\ufffd')
}

/** Facts too long to keep are left out, not the action they belong to. */
function json(data: AuditEntry['data']): string | null {
  if (data === undefined) return null
  const json = JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'string' ? clean(value) : value,
  )
  return json.length > DATA ? JSON.stringify({ left_out: `${json.length} characters of JSON` }) : json
}

/**
 * What was done, newest first, by key: a page costs the same however much there is. Who may see it is the
 * caller's to check.
 *
 * @example const { items, next } = await listAudit(djet, { user: 'ann', since: new Date('2026-03-01'), limit: 100 })
 * @throws {DjetError} AUDIT_FILTER, CURSOR_INVALID, LIMIT_INVALID, 400
 */
export async function listAudit(djet: Djet, filter: AuditFilter = {}): Promise<Page<AuditLine>> {
  const limit = checkLimit(filter.limit)
  const values: unknown[] = []
  const conditions: string[] = []
  const where = (condition: (n: string) => string, value: unknown): void => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  if (filter.action) where((n) => `action = ${n}`, storable(filter.action))
  if (filter.user) where((n) => `login = ${n}`, storable(filter.user))
  if (filter.door) where((n) => `door = ${n}`, checkDoor(filter.door))
  if (filter.nodeId !== undefined) where((n) => `node_id = ${n}::integer`, checkId(filter.nodeId))
  if (filter.since) where((n) => `at >= ${n}`, checkTime(filter.since))
  if (filter.until) where((n) => `at < ${n}`, checkTime(filter.until))
  if (filter.before) {
    const [at, id] = fromCursor(filter.before, ['number', 'number'])
    if (!Number.isSafeInteger(id)) throw fromCursorError()
    values.push(checkTime(new Date(Number(at))), id)
    conditions.push(`(at, id) < ($${values.length - 1}::timestamptz, $${values.length}::bigint)`)
  }
  values.push(limit + 1)
  const rows = await djet.query<AuditLine>(
    `select id, at, login, door, via, action, subject, node_id as "nodeId", node_path as "nodePath", data
     from djet.audit ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
     order by at desc, id desc limit $${values.length}`,
    values,
  )
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last ? toCursor([last.at.getTime(), last.id]) : null }
}

/** All actions that were ever noted, for a filter to choose from: one look into the index for each. */
export async function auditActions(djet: Djet): Promise<string[]> {
  const rows = await djet.query<{ action: string }>(
    `with recursive found (action) as (
       (select action from djet.audit order by action limit 1)
       union all
       select (select a.action from djet.audit a where a.action > found.action order by a.action limit 1)
       from found where found.action is not null
     ) select action from found where action is not null`,
  )
  return rows.map(({ action }) => action)
}

function fromCursorError(): DjetError {
  return new DjetError(
    'CURSOR_INVALID',
    'this link to a further page is not complete. Begin at the first page.',
    {
      status: 400,
    },
  )
}

function filterError(message: string): DjetError {
  return new DjetError('AUDIT_FILTER', message, { status: 400 })
}

function storable(value: string): string {
  if (value.includes('\0')) throw filterError('a filter holds a character that no text here can have.')
  return value
}

function checkDoor(door: string): string {
  if (DOORS.some((known) => known === door)) return door
  throw filterError(
    `'${door.slice(0, 100)}' is no door. Use one of ${DOORS.join(', ')}.${didYouMean(door, DOORS)}`,
  )
}

function checkId(id: number): number {
  if (Number.isInteger(id) && id > 0 && id <= 2_147_483_647) return id
  throw filterError('nodeId must be the id of a node.')
}

/** What both JavaScript and PostgreSQL know as a time. */
function checkTime(time: Date): Date {
  const year = time.getUTCFullYear()
  if (year >= 1 && year <= 9999) return time
  throw filterError('a time of the filter is no time.')
}
