import type { EngineContext, EngineRouter } from '../../../core/index.ts'
import { allow, DjetError, wantsJson } from '../../../core/index.ts'
import { mayCancel, maySee } from '../access.ts'
import { type FilterTexts, filterOf, queryOf, textsOf } from '../search/query.ts'
import { send } from '../send.ts'
import { applyTo, type BulkAction } from './apply.ts'
import { bulk } from './job.ts'
import { matching } from './matching.ts'

/** Tasks that can be ticked at once. */
const MOST = 500

/**
 * Retry and cancel for many tasks: `POST /bulk` with `do` (`retry`, `cancel`) for the ticked ones (`task`), or
 * (`retry-all`, `cancel-all`) for all that match `filter`, which is asked about first and done by a task.
 */
export function bulkRoutes(router: EngineRouter): void {
  router.post('/bulk', allow('cancel'), async (ctx) => {
    const { do: word, confirm } = ctx.form
    const [action, all] = actionOf(word)
    if (!all) return doTicked(ctx, action)
    const texts = filterTexts(ctx)
    const isSure = confirm === 'yes' || ctx.is('json') === 'json' || wantsJson(ctx)
    return isSure ? doAll(ctx, action, texts) : ask(ctx, action, texts)
  })
}

async function doTicked(ctx: EngineContext, action: BulkAction): Promise<void> {
  const ids = idsOf(ctx.form.task)
  const changed = await ctx.djet.transaction(async (djet) => {
    const tasks = await djet.query<{ id: number; class: string }>(
      `select t.task_id as id, c.name as class from jobmachine.task t join jobmachine.class c using (class_id)
       where t.task_id = any ($1::bigint[]) order by t.task_id`,
      [ids],
    )
    const mine: { id: number; class: string }[] = []
    for (const task of tasks) {
      if (maySee(djet, task.class) && (await mayCancel(djet, ctx.node, task))) mine.push(task)
    }
    const by = djet.user ? `cancelled by ${djet.user.login}` : 'cancelled'
    const n = await applyTo(djet, action, mine, { by })
    await djet.audit({
      action: `jobmachine.${action}`,
      subject: `${n} of ${ids.length} tasks`,
      data: { tasks: mine.map(({ id }) => id), changed: n },
    })
    return n
  })
  const left = ids.length - changed
  const { t } = ctx.djet
  const done =
    action === 'retry'
      ? t('{{count}} tasks again wait for their turn.', { count: changed })
      : t('{{count}} tasks are cancelled.', { count: changed })
  const rest = left === 0 ? '' : ` ${t('{{count}} were left alone.', { count: left })}`
  ctx.flash(`${done}${rest}`, changed > 0 ? 'done' : 'notice')
  if (wantsJson(ctx)) {
    ctx.type = 'json'
    ctx.body = JSON.stringify({ changed, leftAlone: left })
    return
  }
  const query = queryOf(filterTexts(ctx))
  ctx.seeOther(ctx.below('/') + (query.size > 0 ? `?${query}` : ''))
}

async function ask(ctx: EngineContext, action: BulkAction, texts: FilterTexts): Promise<void> {
  const found = await matching(ctx, action, filterOf(texts, ctx.djet.app.zone))
  await ctx.render('jobmachine/bulk.eta', { action, filter: texts, query: String(queryOf(texts)), found })
}

async function doAll(ctx: EngineContext, action: BulkAction, texts: FilterTexts): Promise<void> {
  const filter = filterOf(texts, ctx.djet.app.zone)
  const { classes, n, how } = await matching(ctx, action, filter)
  const task = await ctx.djet.transaction(async (djet) => {
    const [newest] = await djet.query<{ id: number; now: Date }>(
      'select coalesce(max(task_id), 0) as id, clock_timestamp() as now from jobmachine.task',
    )
    const task = await send(djet, bulk, {
      action,
      filter: {
        status: texts.status as never,
        class: filter.class,
        from: filter.from?.toISOString(),
        to: filter.to?.toISOString(),
        text: filter.text,
        requestedBy: filter.requestedBy,
      },
      classes: [...classes],
      upTo: newest!.id,
      asked: newest!.now.toISOString(),
      by: djet.user?.login ?? 'the system',
      about: how === 'at least' ? null : n,
    })
    await djet.audit({
      action: `jobmachine.bulk-${action}`,
      subject: `task ${task.id}`,
      data: { filter: String(queryOf(texts)), [how]: n },
    })
    return task
  })
  ctx.flash('It is being done. This page shows how far it is.')
  ctx.seeOther(task.url)
}

/** @throws {DjetError} BULK_INVALID, 422 */
function actionOf(word: unknown): [BulkAction, boolean] {
  if (word === 'retry' || word === 'retry-all') return ['retry', word === 'retry-all']
  if (word === 'cancel' || word === 'cancel-all') return ['cancel', word === 'cancel-all']
  throw invalid("'do' is one of retry, cancel, retry-all, cancel-all.")
}

/** The ticked boxes: one, a list, or what a form parser makes of a long list. */
function idsOf(task: unknown): number[] {
  const words =
    typeof task === 'object' && task !== null ? Object.values(task) : task === undefined ? [] : [task]
  const ids = [...new Set(words.map(Number))]
  if (ids.length === 0) throw invalid('no task is ticked.')
  if (ids.length > MOST) throw invalid(`more than ${MOST} tasks are ticked.`)
  if (ids.some((id) => !Number.isSafeInteger(id) || id < 1)) throw invalid('tasks have numbers.')
  return ids
}

/** The filter of the list, as the query of its address; of JSON also as an object. */
function filterTexts(ctx: EngineContext): FilterTexts {
  const { filter } = ctx.form
  if (typeof filter !== 'object' || filter === null) return textsOf(new URLSearchParams(String(filter ?? '')))
  const pairs = Object.entries(filter).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, String(one)]),
  )
  return textsOf(new URLSearchParams(pairs))
}

function invalid(message: string): DjetError {
  return new DjetError('BULK_INVALID', message, { status: 422 })
}
