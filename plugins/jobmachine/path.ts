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

/**
 * Which page of a list: `?older=`, `?newer=`.
 * @throws {DjetError} JOBS_FILTER, 400
 */
export function pageOf(ctx: EngineContext): { before?: number; after?: number } {
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
