import { administrators, form, other, staff } from './form-trials.ts'
import type { Action } from './matrix.ts'
import * as make from './targets.ts'

const scheduling = { needs: administrators, scopes: ['jobs'] } as const

/** Who may do what with jobs by forms: see `pageActions`. */
export const jobActions: Readonly<Record<string, Action>> = {
  'jobmachine.jobs /pause': {
    needs: staff,
    scopes: ['jobs'],
    trial: form(
      () => '/jobs/pause',
      () => ({ class: 'jobmachine.echo' }),
    ),
  },
  'jobmachine.jobs /resume': {
    needs: staff,
    scopes: ['jobs'],
    trial: form(
      () => '/jobs/resume',
      () => ({ class: 'jobmachine.echo' }),
    ),
  },
  'jobmachine.jobs /bulk': {
    needs: staff,
    scopes: ['jobs'],
    prepare: make.waitingTask,
    trial: form(
      () => '/jobs/bulk',
      ({ other }) => ({ do: 'cancel', task: String(other) }),
    ),
  },
  'jobmachine.jobs /task/:id/retry': {
    needs: staff,
    scopes: ['jobs'],
    prepare: make.failedTask,
    trial: other('/jobs/task/', '/retry'),
  },
  'jobmachine.jobs /task/:id/cancel': {
    needs: staff,
    scopes: ['jobs'],
    prepare: make.waitingTask,
    trial: other('/jobs/task/', '/cancel'),
  },
  'jobmachine.jobs /task/:id/again': {
    needs: staff,
    scopes: ['jobs'],
    prepare: make.waitingTask,
    trial: other('/jobs/task/', '/again'),
  },
  'jobmachine.jobs /start/:class': {
    needs: staff,
    scopes: ['jobs'],
    trial: form(
      () => '/jobs/start/jobmachine.echo',
      () => ({ '': '1' }),
    ),
  },
  'jobmachine.jobs /schedules/new': {
    ...scheduling,
    trial: form(
      () => '/jobs/schedules/new',
      ({ id }) => ({ name: `new-${id}`, job: 'jobmachine.echo', cron: '0 6 * * *' }),
    ),
  },
  'jobmachine.jobs /schedules/:id': {
    ...scheduling,
    prepare: make.schedule,
    trial: form(
      ({ other }) => `/jobs/schedules/${other}`,
      ({ id }) => ({ name: `at-${id}`, job: 'jobmachine.echo', cron: '0 7 * * *' }),
    ),
  },
  'jobmachine.jobs /schedules/:id/pause': {
    ...scheduling,
    prepare: make.schedule,
    trial: other('/jobs/schedules/', '/pause'),
  },
  'jobmachine.jobs /schedules/:id/resume': {
    ...scheduling,
    prepare: make.schedule,
    trial: other('/jobs/schedules/', '/resume'),
  },
  'jobmachine.jobs /schedules/:id/run': {
    ...scheduling,
    prepare: make.schedule,
    trial: other('/jobs/schedules/', '/run'),
  },
  'jobmachine.jobs /schedules/:id/delete': {
    ...scheduling,
    prepare: make.schedule,
    trial: other('/jobs/schedules/', '/delete'),
  },
}
