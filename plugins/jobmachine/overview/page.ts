import type { EngineContext, EngineRouter } from '../../../core/index.ts'
import { wantsJson } from '../../../core/index.ts'
import { classCounts, total } from '../counts.ts'
import { classNames, listTasks } from '../list.ts'
import { pageOf } from '../path.ts'
import { filterOf, queryOf, textsOf } from '../search/query.ts'
import { STATUSES } from '../status.ts'
import { blockValues, spanOf } from './blocks.ts'
import { overviewOf } from './overview.ts'

/** `/jobs`: the list of tasks by its filter; without one the overview stands above it. */
export function listRoute(router: EngineRouter): void {
  router.get('/', async (ctx) => {
    const texts = textsOf(new URLSearchParams(ctx.querystring))
    const filter = filterOf(texts, ctx.djet.app.zone)
    const page = pageOf(ctx)
    const query = String(queryOf(texts))
    const span = spanOf(ctx)
    const isPlain = query === '' && page.before === undefined && page.after === undefined
    const [list, counts, classes, more] = await Promise.all([
      listTasks(ctx.djet, { ...filter, ...page }),
      classCounts(ctx.djet),
      classNames(ctx.djet),
      isPlain ? overviewValues(ctx, span) : {},
    ])
    const { about, ...sums } = total(counts.filter((each) => !texts.class || each.class === texts.class))
    const values = { ...list, counts: sums, about, classes, statuses: STATUSES, filter: texts, ...more }
    if (wantsJson(ctx)) return ctx.render('jobmachine/jobs.eta', values)
    const may = { cancel: await ctx.djet.can('cancel', ctx.node) }
    await ctx.render('jobmachine/jobs.eta', { ...values, filterQuery: query, may })
  })
}

async function overviewValues(ctx: EngineContext, span: ReturnType<typeof spanOf>): Promise<object> {
  return wantsJson(ctx) ? { overview: await overviewOf(ctx.djet, span) } : blockValues(ctx, span)
}
