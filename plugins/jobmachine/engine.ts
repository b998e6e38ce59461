import type { EngineContext, EngineRouter } from '../../core/index.ts'
import { DjetError, defineEngine, type Engine, sendFile, wantsJson } from '../../core/index.ts'
import { mayCancel, maySee, mayStart, requireCancel, requireStart } from './access.ts'
import { cancelTask, retryTask } from './actions.ts'
import { bulkRoutes } from './bulk/routes.ts'
import { listTasks } from './list.ts'
import type { Settings } from './options.ts'
import { listRoute } from './overview/page.ts'
import { overviewRoutes } from './overview/routes.ts'
import { isOwnPlace, linkRoutes, showOwn } from './own/routes.ts'
import { sightOf } from './own/sight.ts'
import { idOf, pageOf } from './path.ts'
import { type Dependency, dependenciesOf } from './queue/dependency.ts'
import { isUnknown, jobsOf } from './registry.ts'
import { resultFile } from './result-file.ts'
import { scheduleRoutes } from './schedule/routes.ts'
import { startRoutes } from './start/routes.ts'
import { startTask } from './start/start.ts'
import { type Status, statusWord } from './status.ts'
import { streamEvents } from './stream-events.ts'
import { type TaskView, taskView } from './view.ts'
import { isWatchPlace, watchRoutes } from './watch-routes.ts'

function jobsRoutes(router: EngineRouter): void {
  listRoute(router)
  overviewRoutes(router)
  bulkRoutes(router)
  scheduleRoutes(router)

  router.get('/task/:id', async (ctx) => {
    const id = idOf(ctx, 'id')
    const owner = await sightOf(ctx, id)
    const may = await mayCancel(ctx.djet, ctx.node, owner)
    const cancel = may || owner.own
    if (owner.sight === 'own') {
      return showOwn(ctx, id, { isGuest: false, base: `/task/${id}`, mayCancel: cancel })
    }
    const task = await requireTask(ctx, id, may)
    const dependencies = await seenDependencies(ctx, id)
    const tasks = task.children
      ? await listTasks(ctx.djet, { parent: task.id, status: ctx.payload.query.status, ...pageOf(ctx) })
      : null
    await ctx.render('jobmachine/task.eta', {
      task,
      tasks,
      dependencies,
      unknown: isUnknown(jobsOf(ctx.djet.app), task.class),
      may: { cancel, retry: may, start: await mayStartAgain(ctx, task) },
    })
  })

  router.get('/task/:id/events', async (ctx) => {
    const { id, sight } = await sightOf(ctx, idOf(ctx, 'id'))
    streamEvents(ctx, id, { log: sight === 'staff' })
  })

  router.get('/task/:id/result/:result', async (ctx) => {
    const { id } = await sightOf(ctx, idOf(ctx, 'id'))
    const file = await resultFile(ctx.djet, id, idOf(ctx, 'result'))
    // Inline only what shows itself without running anything: sendFile knows which types do.
    await sendFile(ctx, file, { inline: ctx.payload.query.show !== undefined })
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
    if (!task.own) await requireCancel(ctx.djet, ctx.node, task)
    await cancelTask(ctx.djet, task.id)
    ctx.flash('The task is cancelled; if it runs, it ends as soon as its function looks.', 'notice')
    ctx.seeOther(ctx.below(`/task/${task.id}`))
  })

  router.post('/task/:id/again', async (ctx) => {
    const id = idOf(ctx, 'id')
    const { class: name, sight } = await sightOf(ctx, id)
    const job = jobsOf(ctx.djet.app).get(name)
    if (!job || sight !== 'staff')
      throw new DjetError('NOT_FOUND', `there is no task ${id}.`, { status: 404 })
    await requireStart(ctx.djet, ctx.node, job)
    const { parameters, title, priority } = await requireTask(ctx, id, false)
    try {
      const options = { priority, ...(title === null ? {} : { title }) }
      const task = await startTask(ctx.djet, job, parameters ?? {}, options)
      ctx.flash('A new task with the same parameters is sent.')
      ctx.seeOther(task.url)
    } catch (error) {
      if (!(error instanceof DjetError) || !error.fields || wantsJson(ctx)) throw error
      ctx.flash(error.message, 'problem')
      ctx.seeOther(ctx.below(`/start/${encodeURIComponent(name)}?from=${id}`))
    }
  })

  linkRoutes(router)
  startRoutes(router)
}

/** Answers for the jobmachine node: the overview and list of tasks, one task, its results, metrics. */
export function jobsEngine(settings: Settings): Engine {
  return defineEngine(
    (router) => {
      jobsRoutes(router)
      watchRoutes(router, settings)
    },
    { guards: (restPath) => isOwnPlace(restPath) || isWatchPlace(restPath) },
  )
}

/** A task as this visitor may see it: stack traces only for those who may cancel. @throws {DjetError} NOT_FOUND, 404 */
async function requireTask(ctx: EngineContext, id: number, withStack: boolean): Promise<TaskView> {
  const task = await taskView(ctx.djet, id)
  if (!task) throw new DjetError('NOT_FOUND', `there is no task ${id}.`, { status: 404 })
  if (withStack) return task
  const withoutStack = <T extends object>(attempt: T) => ({ ...attempt, stack: null })
  return { ...task, attempts: task.attempts.map(withoutStack), timeline: task.timeline.map(withoutStack) }
}

type DependencyLine = Omit<Dependency, 'status'> & { readonly status: Status }

/** What a task waits for and what waits for it, of classes this visitor sees. */
async function seenDependencies(
  ctx: EngineContext,
  id: number,
): Promise<Readonly<Record<'after' | 'before', readonly DependencyLine[]>>> {
  const { after, before } = await dependenciesOf(ctx.djet, id)
  const seen = (all: readonly Dependency[]) =>
    all
      .filter((each) => maySee(ctx.djet, each.class))
      .map((each) => ({ ...each, status: statusWord(each.status) }))
  return { after: seen(after), before: seen(before) }
}

async function mayStartAgain(ctx: EngineContext, task: TaskView): Promise<boolean> {
  const job = jobsOf(ctx.djet.app).get(task.class)
  return job !== undefined && (await mayStart(ctx.djet, ctx.node, job))
}
