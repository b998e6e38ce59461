import type { EngineContext, EngineRouter } from '../../core/index.ts'
import { DjetError, defineEngine, sendFile } from '../../core/index.ts'
import { mayCancel, mayStart, requireCancel } from './access.ts'
import { cancelTask, retryTask } from './actions.ts'
import { classCounts, total } from './counts.ts'
import { classNames, listTasks } from './list.ts'
import { isOwnPlace, linkRoutes, showOwn } from './own/routes.ts'
import { isOwn, sightOf } from './own/sight.ts'
import { idOf } from './path.ts'
import { jobsOf } from './registry.ts'
import { resultFile } from './result-file.ts'
import { scheduleRoutes } from './schedule/routes.ts'
import { startRoutes } from './start/routes.ts'
import { STATUSES } from './status.ts'
import { streamEvents } from './stream-events.ts'
import { type TaskView, taskView } from './view.ts'

function jobsRoutes(router: EngineRouter): void {
  router.get('/', async (ctx) => {
    const { status, class: className } = filterOf(ctx)
    const [list, counts, classes] = await Promise.all([
      listTasks(ctx.djet, { status, class: className, ...pageOf(ctx) }),
      classCounts(ctx.djet),
      classNames(ctx.djet),
    ])
    await ctx.render('jobmachine/jobs.eta', {
      ...list,
      counts: total(counts.filter((each) => !className || each.class === className)),
      classes,
      statuses: STATUSES,
      filter: { status: status ?? null, class: className ?? null },
    })
  })

  scheduleRoutes(router)

  router.get('/task/:id', async (ctx) => {
    const id = idOf(ctx, 'id')
    const owner = await sightOf(ctx, id)
    const may = await mayCancel(ctx.djet, ctx.node, owner)
    const cancel = may || isOwn(ctx, owner)
    if (owner.sight === 'own') {
      return showOwn(ctx, id, { isGuest: false, base: `/task/${id}`, mayCancel: cancel })
    }
    const task = await requireTask(ctx, id, may)
    const tasks = task.children
      ? await listTasks(ctx.djet, { parent: task.id, status: filterOf(ctx).status, ...pageOf(ctx) })
      : null
    await ctx.render('jobmachine/task.eta', {
      task,
      tasks,
      may: { cancel, retry: may, start: await mayStartAgain(ctx, task) },
    })
  })

  router.get('/task/:id/events', async (ctx) => {
    const { id, sight } = await sightOf(ctx, idOf(ctx, 'id'))
    streamEvents(ctx, id, { log: sight === 'staff' })
  })

  router.get('/task/:id/result/:result', async (ctx) => {
    const { id } = await sightOf(ctx, idOf(ctx, 'id'))
    await sendFile(ctx, await resultFile(ctx.djet, id, idOf(ctx, 'result')))
  })

  router.post('/task/:id/retry', async (ctx) => {
    const task = await sightOf(ctx, idOf(ctx, 'id'))
    await requireCancel(ctx.djet, ctx.node, task)
    const n = await retryTask(ctx.djet, task.id)
    ctx.flash(n === 1 ? 'The task runs again.' : `${n} tasks run again.`)
    ctx.seeOther(ctx.below(`/task/${task.id}`))
  })

  router.post('/task/:id/cancel', async (ctx) => {
    const task = await sightOf(ctx, idOf(ctx, 'id'))
    if (!isOwn(ctx, task)) await requireCancel(ctx.djet, ctx.node, task)
    await cancelTask(ctx.djet, task.id)
    ctx.flash('The task is cancelled; if it runs, it ends as soon as its function looks.', 'notice')
    ctx.seeOther(ctx.below(`/task/${task.id}`))
  })

  linkRoutes(router)
  startRoutes(router)
}

/** Answers for the jobmachine node: the list of tasks, one task, its results. */
export const jobsEngine = defineEngine(jobsRoutes, { guards: isOwnPlace })

/** A task as this visitor may see it: stack traces only for those who may cancel. @throws {DjetError} NOT_FOUND, 404 */
async function requireTask(ctx: EngineContext, id: number, withStack: boolean): Promise<TaskView> {
  const task = await taskView(ctx.djet, id)
  if (!task) throw new DjetError('NOT_FOUND', `there is no task ${id}.`, { status: 404 })
  if (withStack) return task
  return { ...task, attempts: task.attempts.map((attempt) => ({ ...attempt, stack: null })) }
}

async function mayStartAgain(ctx: EngineContext, task: TaskView): Promise<boolean> {
  const job = jobsOf(ctx.djet.app).get(task.class)
  return job !== undefined && (await mayStart(ctx.djet, ctx.node, job))
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
