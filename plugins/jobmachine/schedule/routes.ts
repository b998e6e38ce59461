import type { EngineContext, EngineRouter } from '../../../core/index.ts'
import { allow, DjetError, wantsJson, zoneNames } from '../../../core/index.ts'
import { requireStartOf, startable } from '../access.ts'
import { jobsOf } from '../registry.ts'
import type { Messages } from '../start/read.ts'
import type { ScheduleInput } from './check.ts'
import {
  emptyTexts,
  hasNoParams,
  inputOf,
  type PostedParams,
  paramsInputs,
  postedParams,
  postedTexts,
  type ScheduleTexts,
  textsOf,
} from './form.ts'
import { listRuns, listSchedules, requireSchedule, type ScheduleView } from './list.ts'
import { enableSchedule, insertSchedule, removeSchedule, runSchedule, updateSchedule } from './model.ts'
import { MISSED } from './schedule.ts'

/** Pages of the schedules, below the jobmachine node. */
export function scheduleRoutes(router: EngineRouter): void {
  router.get('/schedules', async (ctx) => {
    const { next: after, previous: before } = ctx.payload.query
    const page = before ? { before: storable(before) } : after ? { after: storable(after) } : {}
    await ctx.render('jobmachine/schedules.eta', { ...(await listSchedules(ctx.djet, page)) })
  })

  router.get('/schedules/new', allow('schedule'), (ctx) => {
    const { job = '' } = ctx.payload.query
    return showNew(ctx, { texts: { ...emptyTexts(ctx.djet.app.zone), job } })
  })

  router.post('/schedules/new', allow('schedule'), async (ctx) => {
    const texts = postedTexts(ctx)
    const { enabled } = ctx.form
    // A box that is not ticked is not sent; of JSON it is absent when nobody cared.
    const isEnabled = wantsJson(ctx) || ctx.is('json') ? enabled !== false : enabled !== undefined
    await requireStartOf(ctx.djet, ctx.node, texts.job)
    const show = (shown: Shown): Promise<void> =>
      showNew(ctx, { ...shown, texts: { ...shown.texts, ...(isEnabled ? {} : { off: 'yes' }) } })
    await saved(ctx, texts, show, async (input) => {
      const id = await insertSchedule(ctx.djet, { ...input, enabled: isEnabled })
      ctx.flash(`Schedule ${texts.name} is made.`)
      return id
    })
  })

  router.get('/schedules/:id', async (ctx) => {
    const schedule = await requested(ctx)
    await showOne(ctx, schedule, { texts: textsOf(schedule) })
  })

  router.post('/schedules/:id', allow('schedule'), async (ctx) => {
    const { id, job } = await requested(ctx)
    const texts = postedTexts(ctx)
    for (const name of [job, texts.job]) await requireStartOf(ctx.djet, ctx.node, name)
    const version = ctx.form.version === undefined ? undefined : Number(ctx.form.version)
    const show = async (shown: Shown): Promise<void> => showOne(ctx, await requested(ctx), shown)
    await saved(ctx, texts, show, async (input) => {
      await updateSchedule(ctx.djet, id, input, version)
      ctx.flash(`Schedule ${texts.name} is changed.`)
      return id
    })
  })

  for (const [verb, enabled, done] of [
    ['pause', false, 'The schedule is paused.'],
    ['resume', true, 'The schedule runs again, from now on.'],
  ] as const) {
    router.post(`/schedules/:id/${verb}`, allow('schedule'), async (ctx) => {
      const { id, job, known } = await requested(ctx)
      await enableSchedule(ctx.djet, id, enabled)
      if (enabled && !known) {
        ctx.flash(`The schedule is on again, but it sends nothing: no plugin brings job ${job}.`, 'problem')
      } else ctx.flash(done)
      ctx.seeOther(ctx.below(`/schedules/${id}`))
    })
  }

  router.post('/schedules/:id/run', allow('schedule'), async (ctx) => {
    const { id, job } = await requested(ctx)
    await requireStartOf(ctx.djet, ctx.node, job)
    const task = await runSchedule(ctx.djet, id)
    ctx.flash(`Task ${task.id} is sent.`)
    ctx.seeOther(task.url)
  })

  router.post('/schedules/:id/delete', allow('schedule'), async (ctx) => {
    const { id } = await requested(ctx)
    await removeSchedule(ctx.djet, id)
    ctx.flash('The schedule is deleted.')
    ctx.seeOther(ctx.below('/schedules'))
  })
}

/** What a form is shown with. */
interface Shown {
  readonly texts: ScheduleTexts
  /** What was posted as parameters; the parameters of the texts when absent. */
  readonly posted?: PostedParams
  readonly errors?: Messages
}

/**
 * Saves what was posted and goes to the schedule; shows the form again when a button of the parameters was pressed or
 * something is wrong. Programs get the error itself.
 */
async function saved(
  ctx: EngineContext,
  texts: ScheduleTexts,
  show: (shown: Shown) => Promise<void>,
  save: (input: ScheduleInput) => Promise<number>,
): Promise<void> {
  const posted = postedParams(ctx, texts, jobsOf(ctx.djet.app).get(texts.job))
  if (posted.again !== undefined) return show({ texts: { ...texts, params: posted.params }, posted })
  try {
    const id = await save({ ...inputOf(texts), params: posted.params })
    ctx.seeOther(ctx.below(`/schedules/${id}`))
  } catch (error) {
    if (!(error instanceof DjetError) || !error.fields || wantsJson(ctx)) throw error
    ctx.status = error.status
    await show({ texts, posted, errors: withInputs(error.fields, posted.errors) })
  }
}

/** What is wrong with the parameters is said where it is, not in one message about all of them as well. */
function withInputs(fields: Readonly<Record<string, string>>, inputs: Messages): Messages {
  if (Object.keys(inputs).length === 0) return { ...fields }
  const { params: _, ...others } = fields
  return { ...others, ...inputs }
}

async function showNew(ctx: EngineContext, shown: Shown): Promise<void> {
  await ctx.render('jobmachine/schedule-new.eta', await formOf(ctx, shown))
}

async function showOne(ctx: EngineContext, schedule: ScheduleView, shown: Shown): Promise<void> {
  const runs = await listRuns(ctx.djet, schedule.id, pageOf(ctx))
  await ctx.render('jobmachine/schedule.eta', {
    schedule: { ...schedule, params: JSON.parse(schedule.params) },
    ...runs,
    ...(wantsJson(ctx) ? {} : await formOf(ctx, shown)),
  })
}

/** What the template `jobmachine/schedule-form.eta` takes. */
async function formOf(
  ctx: EngineContext,
  { texts, posted, errors = {} }: Shown,
): Promise<Record<string, unknown>> {
  ctx.payload.form = { values: texts, errors }
  const job = jobsOf(ctx.djet.app).get(texts.job)
  // What was written as JSON is shown as it was written.
  const isText = posted !== undefined && posted.values === undefined && !hasNoParams(posted)
  const params = isText ? undefined : paramsInputs(job, ctx.djet.app.zone, texts, posted?.values, errors)
  return { ...(await choices(ctx)), params, focus: posted?.again }
}

/** What the form's lists hold. */
async function choices(ctx: EngineContext): Promise<Record<string, unknown>> {
  const jobs = (await startable(ctx.djet, ctx.node)).map(({ name }) => name)
  return { jobs: jobs.sort(), zones: zoneNames(), missed: MISSED }
}

function requested(ctx: EngineContext): Promise<ScheduleView> {
  return requireSchedule(ctx.djet, idOf(ctx))
}

/** @throws {DjetError} NOT_FOUND, 404 */
function idOf(ctx: EngineContext): number {
  const text: unknown = ctx.params.id
  if (typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new DjetError('NOT_FOUND', 'schedules have numbers.', { status: 404 })
}

/** @throws {DjetError} JOBS_FILTER, 400 */
function pageOf(ctx: EngineContext): { before?: number; after?: number } {
  const { older, newer } = ctx.payload.query
  const text = older || newer
  if (!text) return {}
  if (!/^\d{1,14}$/.test(text)) {
    throw new DjetError('JOBS_FILTER', "'older' and 'newer' must be times in milliseconds.", { status: 400 })
  }
  return older ? { before: Number(text) } : { after: Number(text) }
}

/** @throws {DjetError} JOBS_FILTER, 400 */
function storable(name: string): string {
  if (!name.includes('\0')) return name
  throw new DjetError('JOBS_FILTER', 'no schedule has such a name.', { status: 400 })
}
