import { DjetError, type EngineContext, wantsJson } from '../../../core/index.ts'

/** Whether it is a conflict (409) that the person at a browser is better told on the page he came from. */
export function isConflict(ctx: EngineContext, error: unknown): error is DjetError {
  return error instanceof DjetError && error.status === 409 && !wantsJson(ctx)
}
