import { performance } from 'node:perf_hooks'
import type { Djet } from '../../../core/index.ts'
import type { Bounds } from './bounds.ts'

/** Which tasks are looked for. */
export interface Scan {
  /** Ids of classes, numbers of statuses. */
  readonly classes: readonly number[]
  readonly statuses: readonly number[]
  /** They are all there are. */
  readonly isAll: boolean
  readonly parent: number | null
  readonly requestedBy: string | null
  /** In small letters. */
  readonly text: string | null
  readonly from: Date | null
  readonly to: Date | null
  readonly bounds: Bounds
}

/** A task that was found. */
export interface Found {
  readonly id: number
  readonly class: string
  readonly title: string | null
  /** As stored. */
  readonly status: number
  readonly created: Date
  readonly runAfter: Date | number
  readonly attempt: number
}

interface Page {
  readonly newer: boolean
  /** Tasks beyond this id. */
  readonly key: number
  readonly limit: number
}

interface Result {
  readonly rows: readonly Found[]
  /** The last task looked at, when the search was broken off before its end. */
  readonly last: { readonly id: number; readonly created: Date } | null
}

/** Milliseconds of a search. */
const BUDGET = 100
/** Candidates of a piece, at first, at least and at most. */
const PIECE = { first: 500, least: 200, most: 8000 } as const
/** Characters of a title a list shows, and of parameters that are searched. */
const TITLE = 300
const SEARCHED = 10_000

/** Finds tasks by key, in one go where an index knows the answer, else piece by piece until the time is up. */
export async function scan(djet: Djet, search: Scan, page: Page): Promise<Result> {
  const conditions = conditionsOf(search)
  const began = performance.now()
  const rows: Found[] = []
  let piece = conditions === 'true' ? page.limit : PIECE.first
  for (let { key } = page; ; ) {
    const pieceBegan = performance.now()
    const found = await onePiece(
      djet,
      search,
      conditions,
      { ...page, key, limit: page.limit - rows.length },
      piece,
    )
    rows.push(...found.rows)
    if (rows.length >= page.limit || found.last === null || conditions === 'true') return { rows, last: null }
    const now = performance.now()
    const left = BUDGET - (now - began)
    if (left <= 0) return { rows, last: found.last }
    key = found.last.id
    // As many more as the time that is left is good for, by what the last ones took; the first one also plans.
    const good = Math.floor((piece * left) / Math.max(1, now - pieceBegan))
    piece = Math.max(PIECE.least, Math.min(PIECE.most, 4 * piece, good))
  }
}

type PieceRow = Partial<Found> & { readonly lastId: number | null; readonly lastCreated: Date | null }

async function onePiece(
  djet: Djet,
  search: Scan,
  conditions: string,
  page: Page,
  piece: number,
): Promise<Result> {
  const { classes, statuses, requestedBy, parent, text, from, to, bounds } = search
  const way = page.newer ? 'asc' : 'desc'
  const rows = await djet.query<PieceRow>(
    `with candidate as materialized (${candidates(search, page.newer)}),
     found as (
       select t.* from candidate join jobmachine.task t using (task_id)
       where ${conditions} order by t.task_id ${way} limit $8
     ),
     last as (
       select task_id, (select created from jobmachine.task t where t.task_id = c.task_id) as created
       from (select task_id, count(*) over () as n from candidate order by task_id ${page.newer ? 'desc' : 'asc'} limit 1) as c
       where n = $7
     )
     select f.task_id as id, c.name as class, left(f.title, ${TITLE}) as title, f.status, f.created,
       f.run_after as "runAfter", f.attempt, last.task_id as "lastId", last.created as "lastCreated"
     from (select) as one left join last on true
     left join (found f join jobmachine.class c on c.class_id = f.class_id) on true
     where $1::int[] is not null and $2::int[] is not null and $3::text is distinct from '' and $4::bigint is distinct from 0
       and $9::text is distinct from '' and $10::timestamptz is distinct from '-infinity'
       and $11::timestamptz is distinct from '-infinity'
     order by f.task_id ${way}`,
    [
      classes,
      statuses,
      requestedBy,
      parent,
      page.newer ? Math.max(page.key, bounds.above) : bounds.above,
      page.newer ? bounds.upTo : Math.min(page.key - 1, bounds.upTo),
      piece,
      page.limit,
      text,
      from,
      to,
    ],
  )
  const last = rows[0]?.lastId ?? null
  return {
    rows: rows.flatMap(({ lastId: _, lastCreated: __, ...row }) => (row.id === null ? [] : [row as Found])),
    last: last === null ? null : { id: last, created: rows[0]!.lastCreated ?? new Date(0) },
  }
}

/** The next ids in the order of an index that knows most of what is asked. */
function candidates({ isAll, parent, requestedBy }: Scan, newer: boolean): string {
  const next = `task_id > $5 and task_id <= $6 order by task_id ${newer ? 'asc' : 'desc'} limit $7`
  if (parent !== null) {
    return `select t.task_id from unnest($2::int[]) as status (n), lateral (
      select task_id from jobmachine.task where parent_id = $4 and status = status.n and ${next}
    ) as t order by t.task_id ${newer ? 'asc' : 'desc'} limit $7`
  }
  if (requestedBy !== null) return `select task_id from jobmachine.task where requested_by = $3 and ${next}`
  if (isAll) return `select task_id from jobmachine.task where ${next}`
  return `select t.task_id from unnest($1::int[]) as class (id), unnest($2::int[]) as status (n), lateral (
      select task_id from jobmachine.task where class_id = class.id and status = status.n and ${next}
    ) as t order by t.task_id ${newer ? 'asc' : 'desc'} limit $7`
}

/** What the index does not know. */
function conditionsOf(search: Scan): string {
  const { isAll, parent, requestedBy, text, from, to } = search
  const all = [
    ...(isAll || (parent === null && requestedBy === null) ? [] : ['t.class_id = any ($1::int[])']),
    ...(isAll || requestedBy === null ? [] : ['t.status + 0 = any ($2::int[])']),
    ...(parent !== null && requestedBy !== null ? ['t.requested_by = $3'] : []),
    ...(text === null
      ? []
      : [`(strpos(lower(left(t.parameters, ${SEARCHED})), $9) > 0 or strpos(lower(t.title), $9) > 0)`]),
    ...(from === null ? [] : ['t.created >= $10::timestamptz']),
    ...(to === null ? [] : ['t.created < $11::timestamptz']),
  ]
  return all.length === 0 ? 'true' : all.join(' and ')
}
