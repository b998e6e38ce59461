import type { DjetApp } from '../../core/index.ts'
import { DjetError, didYouMean } from '../../core/index.ts'
import type { AnyJob } from './job.ts'
import { BATCH } from './jobs.ts'

/**
 * All jobs of a site by class.
 * @throws {DjetError} JOB_TWICE when two plugins use the same class
 */
export function jobsOf(app: Pick<DjetApp, 'contributions'>): Map<string, AnyJob> {
  const jobs = new Map<string, AnyJob>()
  const origin = new Map<string, string>([[BATCH, 'jobmachine']])
  for (const { plugin, value } of app.contributions('jobs')) {
    for (const job of value) {
      const other = origin.get(job.name)
      if (other !== undefined) {
        throw new DjetError(
          'JOB_TWICE',
          `plugin '${plugin.name}' brings job '${job.name}', which plugin '${other}' brings already. Rename one.`,
        )
      }
      origin.set(job.name, plugin.name)
      jobs.set(job.name, job)
    }
  }
  return jobs
}

/** Whether no plugin brings a job of a class: its tasks wait until one does. */
export function isUnknown(jobs: ReadonlyMap<string, AnyJob>, name: string): boolean {
  return name !== BATCH && !jobs.has(name)
}

/**
 * A job by class.
 * @throws {DjetError} JOB_UNKNOWN, 404
 */
export function requireJob(jobs: ReadonlyMap<string, AnyJob>, name: string): AnyJob {
  const job = jobs.get(name)
  if (job) return job
  const hint = didYouMean(name, jobs.keys()) || ` Known: ${[...jobs.keys()].sort().join(', ')}.`
  throw new DjetError('JOB_UNKNOWN', `no plugin brings a job of class '${name}'.${hint}`, { status: 404 })
}
