import type { EngineContext } from '../../core/index.ts'
import { DjetError, encodePath } from '../../core/index.ts'

/** A number of the path. @throws {DjetError} NOT_FOUND, 404 */
export function idOf(ctx: EngineContext, name: string): number {
  const text: unknown = ctx.params[name]
  if (typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new DjetError('NOT_FOUND', 'tasks and results have numbers.', { status: 404 })
}

/** Address of a task's page below the jobmachine node. */
export function taskUrl(node: string | null, id: number): string {
  return `${encodePath(node ?? '/jobs').replace(/\/$/, '')}/task/${id}`
}
