import type { EngineContext } from '../../../core/index.ts'
import { DjetError, didYouMean } from '../../../core/index.ts'
import { mayCancel } from '../access.ts'
import { BATCH } from '../jobs.ts'
import { isUnknown, jobsOf } from '../registry.ts'
import { chartsOf, inTime } from './charts.ts'
import { type Overview, overviewOf } from './overview.ts'
import { SPANS, type Span } from './series.ts'

/** Parts of the overview that are brought up to date one by one. */
export const BLOCKS = ['counts', 'charts', 'workers', 'schedules'] as const
export type Block = (typeof BLOCKS)[number]

/** What the templates of the parts take beside the payload. */
export interface BlockValues {
  readonly overview: Overview
  readonly span: Span
  readonly spans: readonly Span[]
  readonly charts: ReturnType<typeof chartsOf>
  readonly inTime: typeof inTime
  /** Classes the visitor may pause and resume. */
  readonly pausable: ReadonlySet<string>
  /** Classes of which no plugin brings a job: their tasks wait. */
  readonly unknown: ReadonlySet<string>
}

/** @throws {DjetError} JOBS_FILTER, 400 */
export function spanOf(ctx: EngineContext): Span {
  const word = ctx.payload.query.span
  if (!word) return 'hour'
  const span = SPANS.find((each) => each === word)
  if (span) return span
  const hint = didYouMean(word, SPANS)
  throw new DjetError('JOBS_FILTER', `'span' is one of ${SPANS.join(', ')}.${hint}`, { status: 400 })
}

/** The overview as this visitor sees it. */
export async function blockValues(ctx: EngineContext, span: Span): Promise<BlockValues> {
  const overview = await overviewOf(ctx.djet, span)
  const pausable = new Set<string>()
  for (const { class: name } of overview.classes) {
    if (name !== BATCH && (await mayCancel(ctx.djet, ctx.node, { id: 0, class: name }))) pausable.add(name)
  }
  const names = overview.classes.map((each) => each.class)
  const jobs = jobsOf(ctx.djet.app)
  const unknown = new Set(names.filter((name) => isUnknown(jobs, name)))
  const charts = chartsOf(overview.series, ctx.djet.texts)
  return { overview, span, spans: SPANS, charts, inTime, pausable, unknown }
}
