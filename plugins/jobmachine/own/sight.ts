import type { EngineContext } from '../../../core/index.ts'
import { DjetError } from '../../../core/index.ts'
import { maySee } from '../access.ts'

/** What is asked of a task before any of it is shown. */
export interface TaskOwner {
  readonly id: number
  readonly class: string
  readonly requestedBy: string | null
  /** `staff`: all there is to see; `own`: what concerns whoever asked for it. */
  readonly sight: 'staff' | 'own'
}

/**
 * How this visitor may look at a task: as one of the staff, who may `view` the jobs node and see tasks of its class,
 * or because it was he who asked for it.
 *
 * @throws {DjetError} ACCESS_DENIED, 401 or 403; NOT_FOUND, 404, also for a task of a class one does not see
 */
export async function sightOf(ctx: Pick<EngineContext, 'djet' | 'node'>, id: number): Promise<TaskOwner> {
  const [task] = await ctx.djet.query<{ class: string; requestedBy: string | null }>(
    `select c.name as class, t.requested_by as "requestedBy"
     from jobmachine.task t join jobmachine.class c using (class_id) where t.task_id = $1`,
    [id],
  )
  const isStaff = await ctx.djet.can('view', ctx.node)
  if (task && isStaff && maySee(ctx.djet, task.class)) return { id, ...task, sight: 'staff' }
  const { user } = ctx.djet
  if (task && user !== null && task.requestedBy === user.login) return { id, ...task, sight: 'own' }
  if (!isStaff) await ctx.djet.require('view', ctx.node)
  throw new DjetError('NOT_FOUND', `there is no task ${id}.`, { status: 404 })
}

/** Whether this visitor asked for the task himself. */
export function isOwn(ctx: Pick<EngineContext, 'djet'>, task: Pick<TaskOwner, 'requestedBy'>): boolean {
  return ctx.djet.user !== null && ctx.djet.user.login === task.requestedBy
}
