import type { EngineContext } from '../../core/index.ts'
import { allow, DjetError, defineEngine, sendFile } from '../../core/index.ts'
import { cancelTask, retryTask } from './actions.ts'
import { taskEvents } from './events.ts'
import { COUNTED, classNames, countTasks, listTasks } from './list.ts'
import { resultFile } from './result-file.ts'
import { scheduleRoutes } from './schedule/routes.ts'
import { STATUSES } from './status.ts'
import { type TaskView, taskView } from './view.ts'

/** Answers for the jobmachine node: the list of tasks, one task, its results. */
export const jobsEngine = defineEngine((router) => {
  router.get('/', async (ctx) => {
    const { status, class: className } = filterOf(ctx)
    const [list, counts, classes] = await Promise.all([
      listTasks(ctx.djet, { status, class: className, ...pageOf(ctx) }),
      countTasks(ctx.djet, className),
      classNames(ctx.djet),
    ])
    await ctx.render('jobmachine/jobs.eta', {
      ...list,
      counts,
      countedTo: COUNTED,
      classes,
      statuses: STATUSES,
      filter: { status: status ?? null, class: className ?? null },
    })
  })

  scheduleRoutes(router)

  router.get('/task/:id', async (ctx) => {
    const task = await requireTask(ctx)
    const tasks = task.children
      ? await listTasks(ctx.djet, { parent: task.id, status: filterOf(ctx).status, ...pageOf(ctx) })
      : null
    await ctx.render('jobmachine/task.eta', { task, tasks })
  })

  router.get('/task/:id/events', async (ctx) => {
    const task = await requireTask(ctx)
    ctx.type = 'text/event-stream'
    ctx.set('Cache-Control', 'no-cache, no-transform')
    ctx.set('X-Accel-Buffering', 'no')
    // Nothing follows on this connection: the server need not wait for it when it stops.
    ctx.set('Connection', 'close')
    ctx.body = taskEvents(ctx.djet, task.id)
  })

  router.get('/task/:id/result/:result', async (ctx) => {
    await sendFile(ctx, await resultFile(ctx.djet, idOf(ctx, 'id'), idOf(ctx, 'result')))
  })

  router.post('/task/:id/retry', allow('cancel'), async (ctx) => {
    const id = idOf(ctx, 'id')
    const n = await retryTask(ctx.djet, id)
    ctx.flash(n === 1 ? 'The task runs again.' : `${n} tasks run again.`)
    ctx.seeOther(ctx.below(`/task/${id}`))
  })

  router.post('/task/:id/cancel', allow('cancel'), async (ctx) => {
    const id = idOf(ctx, 'id')
    await cancelTask(ctx.djet, id)
    ctx.flash('The task is cancelled; if it runs, it ends as soon as its function looks.', 'notice')
    ctx.seeOther(ctx.below(`/task/${id}`))
  })
})

/** A task as this visitor may see it: stack traces only for those who may cancel. */
async function requireTask(ctx: EngineContext): Promise<TaskView> {
  const id = idOf(ctx, 'id')
  const task = await taskView(ctx.djet, id)
  if (!task) throw notFound(`there is no task ${id}.`)
  if (ctx.payload.can('cancel')) return task
  return { ...task, attempts: task.attempts.map((attempt) => ({ ...attempt, stack: null })) }
}

/** A number of the path. @throws {DjetError} NOT_FOUND, 404 */
function idOf(ctx: EngineContext, name: string): number {
  const text: unknown = ctx.params[name]
  if (typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw notFound('tasks and results have numbers.')
}

function notFound(message: string): DjetError {
  return new DjetError('NOT_FOUND', message, { status: 404 })
}

function filterOf(ctx: EngineContext): { status: string | undefined; class: string | undefined } {
  const { status, class: className } = ctx.payload.query
  return { status: status || undefined, class: className || undefined }
}

/** @throws {DjetError} JOBS_FILTER, 400 */
function pageOf(ctx: EngineContext): { before?: number; after?: number } {
  const page: { before?: number; after?: number } = {}
  // Not `after`: that word pages through the children of a node.
  for (const [name, key] of [
    ['older', 'before'],
    ['newer', 'after'],
  ] as const) {
    const text = ctx.payload.query[name]
    if (text === undefined || text === '') continue
    if (!/^\d{1,15}$/.test(text)) {
      throw new DjetError('JOBS_FILTER', `'${name}' must be the number of a task.`, { status: 400 })
    }
    page[key] = Number(text)
  }
  return page
}
