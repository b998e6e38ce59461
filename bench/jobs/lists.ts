import type { List } from '../shared/lists.ts'
import type { Planted } from './plant.ts'

const DAY = 86_400_000

/** Every view of the jobs pages, by every filter and by several at once. */
export function viewsOf({ tasks, waiting }: Planted): List[] {
  const day = (ago: number): string => new Date(Date.now() - ago * DAY).toISOString().slice(0, 10)
  const view = (title: string, query: Record<string, string> = {}): List => ({
    title,
    path: `/jobs?${new URLSearchParams(query)}`.replace(/\?$/, ''),
  })
  const ask = (title: string, action: string, filter: Record<string, string>): List => ({
    title,
    path: '/jobs/bulk',
    form: { do: action, filter: String(new URLSearchParams(filter)) },
  })
  return [
    view('overview'),
    view('overview of a day', { span: 'day' }),
    view('overview of a week', { span: 'week' }),
    { title: 'overview, as JSON', path: '/jobs', json: true },
    view('waiting', { status: 'waiting' }),
    view('running', { status: 'running' }),
    view('finished', { status: 'finished' }),
    view('failed', { status: 'failed' }),
    view('failed or waiting', { status: 'failed,waiting' }),
    view('of a class', { class: 'office.job-3' }),
    view('of a class, failed', { class: 'office.job-3', status: 'failed' }),
    view('of a day', { from: day(12), to: day(11) }),
    view('of a day, failed, of a class', {
      from: day(12),
      to: day(11),
      class: 'office.job-3',
      status: 'failed',
    }),
    view('far down', { older: String(Math.round(tasks / 2)) }),
    view('who asked', { by: 'user-7' }),
    view('who asked, failed', { by: 'user-7', status: 'failed' }),
    view('words of many', { text: 'customer": "C77"' }),
    view('words of one, long ago', { text: '"order": 4711,' }),
    view('words that are nowhere', { text: 'nowhere at all' }),
    view('words that are nowhere, failed', { text: 'nowhere at all', status: 'failed' }),
    view('words, failed, of a class, since', {
      text: 'customer": "C7',
      status: 'failed',
      class: 'office.job-0',
      from: day(20),
    }),
    ask('retry all that failed?', 'retry-all', { status: 'failed' }),
    ask('retry all of a class with words?', 'retry-all', {
      status: 'failed',
      class: 'office.job-0',
      text: 'C7',
    }),
    ask('cancel all that wait?', 'cancel-all', { status: 'waiting' }),
    { title: 'a batch', path: '/jobs/task/1' },
    { title: 'a finished task', path: `/jobs/task/${Math.round(tasks / 3)}` },
    { title: 'a waiting task', path: `/jobs/task/${tasks - Math.round(waiting / 2)}` },
    { title: 'start', path: '/jobs/start' },
    { title: 'schedules', path: '/jobs/schedules' },
    { title: 'metrics', path: '/jobs/metrics' },
  ]
}
