import type { EngineContext, EngineRouter } from '../../../core/index.ts'
import { allow, DjetError, wantsJson } from '../../../core/index.ts'
import { requireStart, startable } from '../access.ts'
import { jobsOf } from '../registry.ts'
import { EMPTY, inputOf, postedTexts, type ScheduleTexts, textsOf } from './form.ts'
import { listRuns, listSchedules, type ScheduleView, scheduleView } from './list.ts'
import { enableSchedule, insertSchedule, removeSchedule, runSchedule, updateSchedule } from './model.ts'
import { MISSED } from './schedule.ts'
import { zoneNames } from './zone.ts'

/** Pages of the schedules, below the jobmachine node. */
export function scheduleRoutes(router: EngineRouter): void {
  router.get('/schedules', async (ctx) => {
    const { next: after, previous: before } = ctx.payload.query
    const page = before ? { before: storable(before) } : after ? { after: storable(after) } : {}
    await ctx.render('jobmachine/schedules.eta', { ...(await listSchedules(ctx.djet, page)) })
  })

  router.get('/schedules/new', allow('schedule'), (ctx) => showNew(ctx, EMPTY, {}))

  router.post('/schedules/new', allow('schedule'), async (ctx) => {
    const texts = postedTexts(ctx)
    const { enabled } = ctx.form
    // A box that is not ticked is not sent; of JSON it is absent when nobody cared.
    const isEnabled = wantsJson(ctx) || ctx.is('json') ? enabled !== false : enabled !== undefined
    await requireJobStart(ctx, texts.job)
    try {
      const id = await insertSchedule(ctx.djet, { ...inputOf(texts), enabled: isEnabled })
      ctx.flash(`Schedule ${texts.name} is made.`)
      ctx.seeOther(ctx.below(`/schedules/${id}`))
    } catch (error) {
      await orForm(ctx, error, (errors) =>
        showNew(ctx, { ...texts, ...(isEnabled ? {} : { off: 'yes' }) }, errors),
      )
    }
  })

  router.get('/schedules/:id', async (ctx) => {
    const schedule = await requireSchedule(ctx)
    await showOne(ctx, schedule, textsOf(schedule), {})
  })

  router.post('/schedules/:id', allow('schedule'), async (ctx) => {
    const { id, job } = await requireSchedule(ctx)
    const texts = postedTexts(ctx)
    for (const name of [job, texts.job]) await requireJobStart(ctx, name)
    const version = ctx.form.version === undefined ? undefined : Number(ctx.form.version)
    try {
      await updateSchedule(ctx.djet, id, inputOf(texts), version)
      ctx.flash(`Schedule ${texts.name} is changed.`)
      ctx.seeOther(ctx.below(`/schedules/${id}`))
    } catch (error) {
      await orForm(ctx, error, async (errors) => showOne(ctx, await requireSchedule(ctx), texts, errors))
    }
  })

  for (const [verb, enabled, done] of [
    ['pause', false, 'The schedule is paused.'],
    ['resume', true, 'The schedule runs again, from now on.'],
  ] as const) {
    router.post(`/schedules/:id/${verb}`, allow('schedule'), async (ctx) => {
      const { id } = await requireSchedule(ctx)
      await enableSchedule(ctx.djet, id, enabled)
      ctx.flash(done)
      ctx.seeOther(ctx.below(`/schedules/${id}`))
    })
  }

  router.post('/schedules/:id/run', allow('schedule'), async (ctx) => {
    const { id, job } = await requireSchedule(ctx)
    await requireJobStart(ctx, job)
    const task = await runSchedule(ctx.djet, id)
    ctx.flash(`Task ${task.id} is sent.`)
    ctx.seeOther(task.url)
  })

  router.post('/schedules/:id/delete', allow('schedule'), async (ctx) => {
    const { id } = await requireSchedule(ctx)
    await removeSchedule(ctx.djet, id)
    ctx.flash('The schedule is deleted.')
    ctx.seeOther(ctx.below('/schedules'))
  })
}

type Errors = Readonly<Record<string, string>>

async function showNew(ctx: EngineContext, values: ScheduleTexts, errors: Errors): Promise<void> {
  ctx.payload.form = { values, errors }
  await ctx.render('jobmachine/schedule-new.eta', await choices(ctx))
}

async function showOne(
  ctx: EngineContext,
  schedule: ScheduleView,
  values: ScheduleTexts,
  errors: Errors,
): Promise<void> {
  ctx.payload.form = { values, errors }
  const runs = await listRuns(ctx.djet, schedule.id, pageOf(ctx))
  await ctx.render('jobmachine/schedule.eta', {
    schedule: { ...schedule, params: JSON.parse(schedule.params) },
    ...runs,
    ...(wantsJson(ctx) ? {} : await choices(ctx)),
  })
}

/** Shows the form again with what was written and what is wrong with it; programs get the error itself. */
async function orForm(
  ctx: EngineContext,
  error: unknown,
  show: (errors: Errors) => Promise<void>,
): Promise<void> {
  if (!(error instanceof DjetError) || !error.fields || wantsJson(ctx)) throw error
  ctx.status = error.status
  await show(error.fields)
}

/** What the form's lists hold. */
async function choices(ctx: EngineContext): Promise<Record<string, unknown>> {
  const jobs = (await startable(ctx.djet, ctx.node)).map(({ name }) => name)
  return { jobs: jobs.sort(), zones: zoneNames(), missed: MISSED }
}

/** Whoever may schedule still schedules only what he may start. @throws {DjetError} ACCESS_DENIED, 403 */
async function requireJobStart(ctx: EngineContext, name: string): Promise<void> {
  const job = jobsOf(ctx.djet.app).get(name)
  if (job) await requireStart(ctx.djet, ctx.node, job)
}

async function requireSchedule(ctx: EngineContext): Promise<ScheduleView> {
  const schedule = await scheduleView(ctx.djet, idOf(ctx))
  if (schedule) return schedule
  throw new DjetError('SCHEDULE_NOT_FOUND', `there is no schedule ${idOf(ctx)}.`, { status: 404 })
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
