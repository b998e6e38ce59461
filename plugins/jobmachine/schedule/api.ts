import {
  type ApiAnswer,
  type ApiOperation,
  type Djet,
  defined,
  defineOperation,
  fromCursor,
  idParam,
  type Node,
  pageAnswer,
  pageOf,
  paging,
  ref,
  time,
  toCursor,
  z,
} from '../../../core/index.ts'
import { requireStartOf } from '../access.ts'
import { jobsNode } from '../jobs-node.ts'
import { taskOf } from '../own/task-answer.ts'
import { STATUSES } from '../status.ts'
import { listRuns, listSchedules, requireSchedule } from './list.ts'
import {
  enableSchedule,
  insertSchedule,
  lockSchedule,
  removeSchedule,
  runSchedule,
  updateSchedule,
} from './model.ts'
import { MISSED } from './schedule.ts'

const TAG = 'Schedules'

const run = z.object({
  due: time(),
  task: z.int().nullable().describe('Null: it could not be sent, `error` says why.'),
  status: z.enum(STATUSES).nullable().describe('Null: the task has been removed, or there was none.'),
  error: z.string().nullable(),
  byHand: z.boolean(),
  requestedBy: z.string().nullable(),
})

/** Schemas of schedules. */
export const scheduleShapes = {
  ScheduleRun: run,
  Schedule: z.object({
    id: z.int(),
    name: z.string(),
    source: z.enum(['code', 'page']).describe('`code`: a plugin declares it; it is changed there.'),
    plugin: z.string().nullable(),
    gone: z.boolean().describe('It came with code that is not there any more.'),
    job: z.string().describe('Class of its tasks.'),
    known: z.boolean().describe('Whether a plugin brings the job.'),
    cron: z.string(),
    words: z.string().describe('`cron` in words.'),
    zone: z.string(),
    missed: z.enum(MISSED).describe('What becomes of times that passed while nothing ran.'),
    enabled: z.boolean(),
    nextDue: time().nullable(),
    last: run.nullable(),
    params: z.unknown().optional().describe('This and what follows: of a single one.'),
    title: z.string().nullable().optional(),
    priority: z.int().nullable().optional(),
    created: time().optional(),
    modified: time().optional(),
    modifiedBy: z.string().nullable().optional(),
    times: z.array(time()).optional().describe('The next five.'),
  }),
}

const answers = { 200: { description: 'The schedule.', schema: ref('Schedule'), headers: ['ETag'] as const } }
const needs = 'Needs `schedule` at the node of the jobs, and that you may start the job.'

/** What a schedule says; checked by `checkSchedule`, with a message for each field. */
const content = {
  name: z.string().trim().max(1000),
  job: z.string().max(300),
  params: z.unknown(),
  cron: z.string().max(1000).describe('5 parts as in cron(8), or 6 with seconds in front.'),
  zone: z.string().max(100).describe('Whose clocks count, e.g. `Europe/Rome`.'),
  missed: z.enum(MISSED),
  title: z.string().max(1000).nullable(),
  priority: z.number().nullable(),
}
const example = { name: 'Nightly report', job: 'shop.report', params: { days: 1 }, cron: '30 6 * * MON-FRI' }

/** Schedules for programs: the same as their pages, by the same rules. */
export const scheduleOperations: readonly ApiOperation[] = [
  defineOperation({
    id: 'listSchedules',
    method: 'GET',
    path: '/schedules',
    tag: TAG,
    summary: 'Schedules, by name',
    description: 'Needs `view` at the node of the jobs; without those of jobs whose tasks you do not see.',
    scope: 'read',
    query: z.strictObject(paging),
    answers: { 200: { description: 'A page of them.', schema: pageOf(ref('Schedule')) } },
    errors: [404],
    handle: async ({ djet, ctx, query: { after, ...options } }) => {
      await seenJobs(djet)
      const from = after === undefined ? {} : { after: String(fromCursor(after, ['string'])[0]) }
      const { schedules, next } = await listSchedules(djet, { ...from, ...defined(options) })
      return pageAnswer(ctx, { items: schedules, next: next === null ? null : toCursor([next]) })
    },
  }),
  defineOperation({
    id: 'getSchedule',
    method: 'GET',
    path: '/schedules/{schedule}',
    tag: TAG,
    summary: 'A schedule',
    scope: 'read',
    answers,
    handle: async ({ djet, params }) => {
      await seenJobs(djet)
      return scheduleAnswer(djet, idParam(params.schedule))
    },
  }),
  defineOperation({
    id: 'listScheduleRuns',
    method: 'GET',
    path: '/schedules/{schedule}/runs',
    tag: TAG,
    summary: 'What became of the times of a schedule, the latest first',
    scope: 'read',
    query: z.strictObject({
      limit: paging.limit,
      before: z.coerce
        .number()
        .int()
        .min(0)
        .max(8.64e15)
        .optional()
        .describe('From `next` of the page before.'),
    }),
    answers: { 200: { description: 'A page of them.', schema: pageOf(ref('ScheduleRun')) } },
    handle: async ({ djet, ctx, params, query }) => {
      await seenJobs(djet)
      const { id } = await requireSchedule(djet, idParam(params.schedule))
      const { runs, older } = await listRuns(djet, id, defined(query))
      const page = { items: runs, next: older === null ? null : String(older) }
      return pageAnswer(ctx, page, undefined, 'before')
    },
  }),
  defineOperation({
    id: 'createSchedule',
    method: 'POST',
    path: '/schedules',
    tag: TAG,
    summary: 'Make a schedule',
    description: needs,
    scope: 'jobs',
    body: z.strictObject({
      ...content,
      params: content.params.optional().describe('As the job takes them; `{}` when absent.'),
      zone: content.zone
        .optional()
        .describe('Whose clocks count; those of the site (`timeZone`) when absent.'),
      missed: content.missed.optional().describe('`skip` when absent.'),
      title: content.title.optional(),
      priority: content.priority.optional(),
      enabled: z.boolean().optional().describe('True when absent.'),
    }),
    bodyExample: example,
    answers: { 201: { description: 'It is made.', schema: ref('Schedule'), headers: ['ETag', 'Location'] } },
    errors: [404],
    handle: async ({ djet, body: { enabled = true, ...given } }) => {
      await requireStartOf(djet, await schedulingAt(djet), given.job)
      const input = { missed: 'skip', title: null, priority: null, ...inputOf(given) }
      const id = await insertSchedule(djet, { params: '{}', ...input, enabled })
      return scheduleAnswer(djet, id, { status: 201, location: `/schedules/${id}` })
    },
  }),
  defineOperation({
    id: 'changeSchedule',
    method: 'PATCH',
    path: '/schedules/{schedule}',
    tag: TAG,
    summary: 'Change a schedule that was not declared in code',
    description: `What is not sent stays. With other times it begins anew. ${needs}`,
    scope: 'jobs',
    ifMatch: 'required',
    changed: 'SCHEDULE_CHANGED',
    body: z.strictObject(content).partial(),
    bodyExample: { cron: '0 7 * * *', zone: 'Europe/Rome' },
    answers,
    errors: [409],
    handle: async ({ djet, params, body, expected }) => {
      const node = await schedulingAt(djet)
      const { id } = await requireSchedule(djet, idParam(params.schedule))
      await djet.transaction(async (djet) => {
        const { name, job, params, cron, zone, missed, title, priority } = await lockSchedule(djet, id)
        const input = { name, job, params, cron, zone, missed, title, priority, ...inputOf(body) }
        for (const one of [job, input.job]) await requireStartOf(djet, node, one)
        await updateSchedule(djet, id, input, versionOf(expected))
      })
      return scheduleAnswer(djet, id)
    },
  }),
  ...(['pause', 'resume'] as const).map((verb) =>
    defineOperation({
      id: `${verb}Schedule`,
      method: 'POST',
      path: `/schedules/{schedule}/${verb}`,
      tag: TAG,
      summary: verb === 'pause' ? 'Let a schedule rest' : 'Let a schedule go on from now',
      description: 'Needs `schedule` at the node of the jobs.',
      scope: 'jobs',
      answers,
      errors: [409],
      handle: async ({ djet, params }) => {
        await schedulingAt(djet)
        const { id } = await requireSchedule(djet, idParam(params.schedule))
        await enableSchedule(djet, id, verb === 'resume')
        return scheduleAnswer(djet, id)
      },
    }),
  ),
  defineOperation({
    id: 'runSchedule',
    method: 'POST',
    path: '/schedules/{schedule}/run',
    tag: TAG,
    summary: 'Send the task of a schedule now, beside its times',
    description: needs,
    scope: 'jobs',
    answers: { 202: { description: 'It is sent.', schema: ref('Task'), headers: ['Location'] } },
    errors: [422],
    handle: async ({ djet, params }) => {
      const node = await schedulingAt(djet)
      const { id, job } = await requireSchedule(djet, idParam(params.schedule))
      await requireStartOf(djet, node, job)
      const task = await runSchedule(djet, id)
      return { status: 202, body: await taskOf(djet, task.id), location: `/tasks/${task.id}` }
    },
  }),
  defineOperation({
    id: 'deleteSchedule',
    method: 'DELETE',
    path: '/schedules/{schedule}',
    tag: TAG,
    summary: 'Delete a schedule that was not declared in code, or whose code is gone',
    description:
      'The record of its runs goes with it, the tasks stay. Needs `schedule` at the node of the jobs.',
    scope: 'jobs',
    ifMatch: 'required',
    changed: 'SCHEDULE_CHANGED',
    answers: { 204: { description: 'It is gone.' } },
    errors: [409],
    handle: async ({ djet, params, expected }) => {
      await schedulingAt(djet)
      const { id } = await requireSchedule(djet, idParam(params.schedule))
      await removeSchedule(djet, id, versionOf(expected))
      return {}
    },
  }),
]

/** @throws {DjetError} ACCESS_DENIED, 403 */
async function seenJobs(djet: Djet): Promise<void> {
  await djet.require('view', await jobsNode(djet))
}

/** The node of the jobs for somebody who schedules there. @throws {DjetError} ACCESS_DENIED, SCOPE_MISSING, 403 */
async function schedulingAt(djet: Djet): Promise<Node> {
  const node = await jobsNode(djet)
  await djet.require('view', node)
  await djet.require('schedule', node)
  return node
}

/** The answer that is a schedule. @throws {DjetError} SCHEDULE_NOT_FOUND, 404 */
async function scheduleAnswer(djet: Djet, id: number, more: ApiAnswer = {}): Promise<ApiAnswer> {
  const { version, params, times, ...schedule } = await requireSchedule(djet, id)
  const body = { ...schedule, params: JSON.parse(params), times: times.map(({ due }) => due) }
  return { ...more, body, version }
}

/** What was sent, as schedules hold it: parameters as JSON. */
function inputOf<T extends { readonly params?: unknown }>({ params, ...given }: T) {
  return { ...defined(given), ...(params === undefined ? {} : { params: JSON.stringify(params) }) }
}

function versionOf({ ifVersion }: { readonly ifVersion?: string }): number | undefined {
  return ifVersion === undefined ? undefined : Number(ifVersion)
}
