import type { EngineContext, EngineMiddleware, EngineRouter, StoredFile } from '../../../core/index.ts'
import { allow, DjetError, upload, wantsJson } from '../../../core/index.ts'
import { maySee, mayStart, requireStart, startable } from '../access.ts'
import type { AnyJob } from '../job.ts'
import { sightOf } from '../own/sight.ts'
import { jobsOf } from '../registry.ts'
import { LONGEST_TITLE } from '../send.ts'
import { taskView } from '../view.ts'
import { changedRows, fileIdsIn, firstInput, idOf, paramsForm, paramsTexts, readParams } from './form.ts'
import { type OptionTexts, optionTexts, readOptions } from './options.ts'
import { ROOT } from './part.ts'
import type { Messages } from './read.ts'
import { jsonSchemaOf } from './schema.ts'
import { startTask } from './start.ts'
import type { Texts } from './texts.ts'

/** Pages to start tasks by hand, below the jobmachine node. */
export function startRoutes(router: EngineRouter): void {
  router.get('/start', allow('start'), async (ctx) => {
    const jobs = await startable(ctx.djet, ctx.node)
    await ctx.render('jobmachine/start.eta', {
      jobs: jobs.map(({ name, label, description }) => ({
        class: name,
        label,
        description: description ?? null,
      })),
    })
  })

  router.get('/start/:class', only, async (ctx) => {
    const job = jobOf(ctx)
    if (wantsJson(ctx)) {
      const { name, label, description = null } = job
      ctx.type = 'json'
      ctx.body = JSON.stringify({ class: name, label, description, parameters: jsonSchemaOf(job) ?? {} })
      return
    }
    const texts = await textsToBegin(ctx, job)
    await show(ctx, job, texts, { title: '', priority: '', runAfter: '' }, {})
  })

  router.post('/start/:class', only, withForm, upload(), async (ctx) => {
    const job = jobOf(ctx)
    if (ctx.is('json') === 'json') return startFromJson(ctx, job)
    const options = optionTexts(ctx.form)
    const changed = changedRows(job, ctx.djet.app.zone, ctx.form, ctx.files)
    if (changed) return show(ctx, job, changed.values, options, {}, changed.focus)
    const { params, values, errors } = readParams(job, ctx.djet.app.zone, ctx.form, ctx.files)
    const sendOptions = readOptions(options, errors, ctx.djet.app.zone)
    if (Object.keys(errors).length > 0) return refuse(ctx, job, values, options, errors, 422)
    try {
      await done(ctx, await startTask(ctx.djet, job, params, sendOptions))
    } catch (error) {
      if (!(error instanceof DjetError) || !error.fields) throw error
      await refuse(ctx, job, values, options, error.fields, error.status)
    }
  })
}

/** A program sends the parameters as they are: `{ "params": { … }, "title": … }`. */
async function startFromJson(ctx: EngineContext, job: AnyJob): Promise<void> {
  const errors: Messages = {}
  const options = readOptions(optionTexts(ctx.form), errors, ctx.djet.app.zone)
  if (Object.keys(errors).length > 0) throw invalid(job, errors, 422)
  await done(ctx, await startTask(ctx.djet, job, ctx.form.params, options))
}

async function done(ctx: EngineContext, task: { id: number; url: string }): Promise<void> {
  if (wantsJson(ctx)) {
    ctx.status = 201
    ctx.set('Location', task.url)
    ctx.type = 'json'
    ctx.body = JSON.stringify({ task })
    return
  }
  ctx.flash(`Task ${task.id} is sent.`)
  ctx.seeOther(task.url)
}

async function refuse(
  ctx: EngineContext,
  job: AnyJob,
  values: Texts,
  options: OptionTexts,
  errors: Messages,
  status: number,
): Promise<void> {
  if (wantsJson(ctx)) throw invalid(job, errors, status)
  ctx.status = status
  await show(ctx, job, values, options, errors)
}

function invalid(job: AnyJob, fields: Messages, status: number): DjetError {
  return new DjetError('JOB_PARAMS_INVALID', `the form for '${job.name}' is not right.`, { status, fields })
}

async function show(
  ctx: EngineContext,
  job: AnyJob,
  values: Texts,
  options: OptionTexts,
  errors: Messages,
  focus = '',
): Promise<void> {
  const files = new Map<string, StoredFile>()
  for (const id of fileIdsIn(paramsForm(job, values))) {
    const file = await ctx.djet.files.get(id)
    if (file) files.set(id, file)
  }
  const params = paramsForm(job, values, errors, files)
  await ctx.render('jobmachine/start-job.eta', {
    job: { class: job.name, label: job.label, description: job.description ?? null, priority: job.priority },
    params,
    root: ROOT,
    texts: options,
    longestTitle: LONGEST_TITLE,
    errors,
    problems: Object.entries(errors).map(([name, text]) => ({ id: idOf(name), name, text })),
    focus: firstInput(params, focus) ?? focus,
  })
}

/** The defaults, or with `?from=<task>` the parameters of a task that this visitor sees. */
async function textsToBegin(ctx: EngineContext, job: AnyJob): Promise<Texts> {
  const { from } = ctx.payload.query
  if (!from || !/^[1-9]\d{0,14}$/.test(from)) return paramsTexts(job, ctx.djet.app.zone)
  const { sight } = await sightOf(ctx, Number(from))
  const task = sight === 'staff' ? await taskView(ctx.djet, Number(from)) : null
  const params = task?.class === job.name ? task.parameters : undefined
  return paramsTexts(job, ctx.djet.app.zone, params)
}

/** Goes on for those who may start the job of the path: before anything of their form is read. */
const only: EngineMiddleware = async (context, next) => {
  const ctx = context as EngineContext
  const job = jobsOf(ctx.djet.app).get(String(ctx.params.class))
  if (job && (maySee(ctx.djet, job.name) || (await mayStart(ctx.djet, ctx.node, job)))) {
    await requireStart(ctx.djet, ctx.node, job)
    await next()
    return
  }
  await ctx.djet.require('start', ctx.node)
  const name = String(ctx.params.class).slice(0, 100)
  throw new DjetError('JOB_UNKNOWN', `there is no job '${name}' to start.`, { status: 404 })
}

/** Shows the form again when a file was refused, with what was typed. */
const withForm: EngineMiddleware = async (context, next) => {
  const ctx = context as EngineContext
  try {
    await next()
  } catch (error) {
    const isRefused = error instanceof DjetError && [413, 422].includes(error.status)
    if (!isRefused || !error.fields || wantsJson(ctx)) throw error
    const job = jobOf(ctx)
    const { values } = readParams(job, ctx.djet.app.zone, ctx.form, ctx.files)
    const errors = Object.fromEntries(
      Object.entries(error.fields).map(([name, text]) => [name || ROOT, text]),
    )
    await refuse(ctx, job, values, optionTexts(ctx.form), errors, error.status)
  }
}

function jobOf(ctx: EngineContext): AnyJob {
  return jobsOf(ctx.djet.app).get(String(ctx.params.class))!
}
