import type { Djet } from '../../../core/index.ts'
import { hiddenClasses } from '../access.ts'

/** How far back a chart looks. */
export const SPANS = ['hour', 'day', 'week'] as const
export type Span = (typeof SPANS)[number]

/** Seconds of a bar, and how many there are. */
const STEPS: Readonly<Record<Span, { readonly step: number; readonly bars: number }>> = {
  hour: { step: 60, bars: 60 },
  day: { step: 1800, bars: 48 },
  week: { step: 10_800, bars: 56 },
}

/** Attempts that ended in a part of a chart's time. */
export interface Bar {
  /** Its beginning. */
  readonly at: Date
  readonly finished: number
  readonly failed: number
  /** Failed, and tried again. */
  readonly retried: number
  /** Milliseconds a finished task waited and ran, on average; null: none finished. */
  readonly waited: number | null
  readonly ran: number | null
}

export interface Series {
  readonly span: Span
  /** Seconds of a bar. */
  readonly step: number
  /** Oldest first; the last one is not over yet. */
  readonly bars: readonly Bar[]
}

interface Row {
  readonly n: number
  readonly finished: number
  readonly failed: number
  readonly retried: number
  readonly wait: number
  readonly run: number
}

/**
 * Minutes have a row for each duration: for days the half hours are read, of which there are few. Without a name: a
 * prepared plan would not know how little of the table is asked for.
 */
const SERIES = (source: string): string => `
  select floor(extract(epoch from p.at - $2::timestamptz) / $1::int)::int as n,
    coalesce(sum(p.ended) filter (where p.status = 200), 0)::float8 as finished,
    coalesce(sum(p.ended) filter (where p.status = 900), 0)::float8 as failed,
    coalesce(sum(p.ended) filter (where p.status = 0), 0)::float8 as retried,
    coalesce(sum(p.wait_ms) filter (where p.status = 200), 0) as wait,
    coalesce(sum(p.run_ms) filter (where p.status = 200), 0) as run
  from (
    select ${source} >= $2::timestamptz
    union all
    select at, class_id, status, ended, wait_ms, run_ms from jobmachine.tally_delta
    where delta_id > (select delta_id from jobmachine.folded) and ended > 0 and at >= $2::timestamptz
  ) as p
  where p.class_id not in (select class_id from jobmachine.class where name = any ($3::text[]))
  group by 1`

const COLUMNS = 'class_id, status, ended, wait_ms, run_ms'
const MINUTES = SERIES(`minute as at, ${COLUMNS} from jobmachine.tally where minute`)
const HALF_HOURS = SERIES(`at, ${COLUMNS} from jobmachine.pace where at`)

/** What ended in the last hour, day or week, from counters; of classes the scope's user sees. */
export async function series(djet: Djet, span: Span): Promise<Series> {
  const { step, bars } = STEPS[span]
  const first = new Date((Math.floor(Date.now() / 1000 / step) - bars + 1) * step * 1000)
  const rows = await djet.app.database.query<Row>(step < 1800 ? MINUTES : HALF_HOURS, [
    step,
    first,
    [...hiddenClasses(djet)],
  ])
  const byNumber = new Map(rows.map((row) => [row.n, row]))
  const at = (n: number) => new Date(first.getTime() + n * step * 1000)
  return {
    span,
    step,
    bars: Array.from({ length: bars }, (_, n) => barOf(at(n), byNumber.get(n))),
  }
}

function barOf(at: Date, row: Row | undefined): Bar {
  const { finished = 0, failed = 0, retried = 0, wait = 0, run = 0 } = row ?? {}
  const average = (sum: number) => (finished > 0 ? sum / finished : null)
  return { at, finished, failed, retried, waited: average(wait), ran: average(run) }
}
