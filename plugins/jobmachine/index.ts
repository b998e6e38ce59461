import { definePlugin } from '../../core/index.ts'
import { rolesOfJobs } from './access.ts'
import { jobsApi } from './api.ts'
import { jobmachineBasetype } from './basetypes.ts'
import { bulk } from './bulk/job.ts'
import { jobsCommand, sendCommand, workCommand } from './commands.ts'
import { jobsEngine } from './engine.ts'
import { checkHooks } from './hooks.ts'
import { echo, noop } from './jobs.ts'
import { checkOptions, type JobmachineOptions } from './options.ts'
import { startMachine } from './process.ts'
import { scheduleCommand } from './schedule/command.ts'
import { schedulesOf } from './schedule/registry.ts'
import { seedJobs } from './seed.ts'

/** Runs model functions in worker threads, and shows what they do on a page of the site. */
export const jobmachine = definePlugin((options: JobmachineOptions) => {
  const settings = checkOptions(options)
  return {
    name: 'jobmachine',
    version: '0.1.0',
    folder: new URL('.', import.meta.url),
    extensionPoints: ['jobs', 'schedules', 'taskHooks'],
    basetypes: [jobmachineBasetype],
    engines: { 'jobmachine.jobs': jobsEngine(settings) },
    jobs: [echo, noop, bulk],
    api: jobsApi,
    commands: {
      work: workCommand(settings),
      send: sendCommand,
      jobs: jobsCommand,
      schedule: scheduleCommand,
    },
    check(registry) {
      schedulesOf(registry)
      checkHooks(registry)
    },
    roles: rolesOfJobs,
    seed: seedJobs(settings.path),
    start: (app) => startMachine(app, settings),
  }
})

export { mayCancel, maySee, mayStart } from './access.ts'
export { cancelTask, retryTask } from './actions.ts'
export { type Batch, sendBatch } from './batch.ts'
export { type ClassCounts, classCounts } from './counts.ts'
export { type Duration, inWords, milliseconds } from './duration.ts'
export { JobFailed, TaskAborted } from './error.ts'
export { type Health, healthOf } from './health.ts'
export type { TaskEvent, TaskEventKind, TaskHooks } from './hooks.ts'
export {
  type AnyJob,
  defineJob,
  type Isolation,
  type Job,
  type JobAccess,
  type JobPolicy,
  type ParamsOf,
} from './job.ts'
export { echo, noop } from './jobs.ts'
export type { RetentionPolicy } from './kept.ts'
export type { LimitPolicy, Rate } from './limits.ts'
export { type ListFilter, listTasks, type TaskFilter, type TaskLine, type TaskList } from './list.ts'
export { metrics } from './metrics.ts'
export type { JobmachineOptions } from './options.ts'
export { publicTaskUrl } from './own/link.ts'
export { pauseClass, pausedClasses, resumeClass } from './pause.ts'
export { type Dependency, dependenciesOf, type IfFailed } from './queue/dependency.ts'
export {
  listRuns,
  listSchedules,
  type RunLine,
  type RunList,
  type ScheduleLine,
  type ScheduleList,
  type ScheduleView,
  scheduleView,
} from './schedule/list.ts'
export {
  dueTime,
  enableSchedule,
  insertSchedule,
  removeSchedule,
  runSchedule,
  scheduleByName,
  updateSchedule,
} from './schedule/model.ts'
export { defineSchedule, type Missed, type Schedule, type ScheduleOptions } from './schedule/schedule.ts'
export { type SendOptions, type SentTask, send, sendByName, sendMany } from './send.ts'
export {
  changedRows,
  type FormPart,
  paramsForm,
  paramsTexts,
  type ReadParams,
  readParams,
} from './start/form.ts'
export { startTask } from './start/start.ts'
export { STATUSES, type Status } from './status.ts'
export { startWorkers, type WorkerOptions } from './supervisor/supervisor.ts'
export type { FileContent, LogLevel, TaskHandle } from './task-handle.ts'
export type { UniquePolicy } from './unique.ts'
export { type AttemptView, type ResultView, type TaskView, taskView } from './view.ts'
export { type Outcome, waitFor } from './wait.ts'
