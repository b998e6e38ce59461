import type { DjetApp } from '../../../core/index.ts'

const counters = new WeakMap<DjetApp, () => number>()

/** Says how to count the worker threads of a site's process that are about to run. */
export function countStarting(app: DjetApp, count: () => number): void {
  counters.set(app, count)
}

/** Worker threads of this process that are loading the site and claim nothing yet. */
export function startingWorkers(app: DjetApp): number {
  return counters.get(app)?.() ?? 0
}
