import type { EngineContext } from '../../../core/index.ts'
import { DjetError } from '../../../core/index.ts'
import { maySee } from '../access.ts'

/** What is asked of a task before any of it is shown. */
export interface TaskOwner {
  readonly id: number
  readonly class: string
  /** The visitor asked for it himself. */
  readonly own: boolean
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
  const { user } = ctx.djet
  // A login may be given to somebody else later, who asked for nothing before.
  const [task] = await ctx.djet.query<{ class: string; own: boolean }>(
    `select c.name as class, exists (
       select from djet.account a where a.login = $2 and a.login = t.requested_by and a.created <= t.created
     ) as own
     from jobmachine.task t join jobmachine.class c using (class_id) where t.task_id = $1`,
    [id, user?.login ?? null],
  )
  const isStaff = await ctx.djet.can('view', ctx.node)
  if (task && isStaff && maySee(ctx.djet, task.class)) return { id, ...task, sight: 'staff' }
  if (task?.own) return { id, ...task, sight: 'own' }
  if (!isStaff) await ctx.djet.require('view', ctx.node)
  throw new DjetError('NOT_FOUND', `there is no task ${id}.`, { status: 404 })
}
