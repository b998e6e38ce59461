import {
  type ApiPart,
  DjetError,
  defineOperation,
  type JsonSchema,
  pageOf,
  ref,
  time,
  z,
} from '../../core/index.ts'
import { requireCancel, requireStart, startable } from './access.ts'
import { cancelTask, retryTask } from './actions.ts'
import { jobsNode } from './jobs-node.ts'
import { sightOf } from './own/sight.ts'
import { taskId, taskOf } from './own/task-answer.ts'
import { jobsOf } from './registry.ts'
import { scheduleOperations, scheduleShapes } from './schedule/api.ts'
import { type OptionTexts, optionTexts, readOptions } from './start/options.ts'
import { jsonSchemaOf } from './start/schema.ts'
import { startTask } from './start/start.ts'

const TAG = 'Jobs'
const CLASS: Record<string, JsonSchema> = { class: { type: 'string' } }
const task = { 200: { description: 'The task.', schema: ref('Task') } }

/** What programs may ask of the job machine: start a task, see what became of it, cancel and retry it; schedules. */
export const jobsApi: ApiPart = {
  schemas: {
    ...scheduleShapes,
    Job: z.object({
      class: z.string(),
      label: z.string(),
      description: z.string().nullable(),
      parameters: z.record(z.string(), z.unknown()).describe('JSON Schema of what it takes.'),
    }),
    Task: z.object({
      id: z.int(),
      class: z.string(),
      title: z.string().nullable(),
      status: z.enum(['waiting', 'running', 'finished', 'failed']),
      cancelled: z.boolean(),
      created: time(),
      runAfter: time().nullable().describe('Not before; null: never.'),
      started: time().nullable(),
      finished: time().nullable(),
      progress: z
        .object({ done: z.number(), total: z.number().nullable(), note: z.string().nullable() })
        .nullable(),
      results: z.array(
        z.object({
          id: z.int(),
          type: z.string(),
          created: time(),
          data: z.unknown().optional(),
          file: z.object({ id: z.string(), name: z.string(), type: z.string(), size: z.int() }).nullable(),
        }),
      ),
      error: z.string().nullable(),
    }),
  },
  operations: [
    ...scheduleOperations,
    defineOperation({
      id: 'listJobs',
      method: 'GET',
      path: '/jobs',
      tag: TAG,
      summary: 'The jobs you may start, with what they take',
      scope: 'jobs',
      answers: { 200: { description: 'All of them.', schema: pageOf(ref('Job')) } },
      handle: async ({ djet }) => {
        const jobs = await startable(djet, await jobsNode(djet))
        const items = jobs.map((job) => ({
          class: job.name,
          label: job.label,
          description: job.description ?? null,
          parameters: jsonSchemaOf(job) ?? {},
        }))
        return { body: { items, next: null } }
      },
    }),
    defineOperation({
      id: 'startJob',
      method: 'POST',
      path: '/jobs/{class}',
      tag: TAG,
      summary: 'Start a task',
      description: 'It runs in the background: ask `/tasks/{task}` what became of it.',
      scope: 'jobs',
      params: CLASS,
      body: z.strictObject({
        params: z.unknown().optional().describe('As the job takes them.'),
        title: z.string().max(300).optional(),
        priority: z.int().min(-100).max(100).optional(),
        runAfter: z.iso.datetime({ offset: true }).optional().describe('Not before.'),
      }),
      bodyExample: { params: {} },
      answers: { 202: { description: 'It is sent.', schema: ref('Task'), headers: ['Location'] } },
      errors: [404],
      handle: async ({ djet, params, body }) => {
        const node = await jobsNode(djet)
        const job = jobsOf(djet.app).get(params.class!)
        if (job === undefined) {
          await djet.require('start', node)
          const message = `there is no job '${params.class!.slice(0, 100)}' to start.`
          throw new DjetError('JOB_UNKNOWN', message, { status: 404 })
        }
        await requireStart(djet, node, job)
        const texts: OptionTexts = optionTexts(body)
        const { id } = await startTask(djet, job, body.params ?? {}, readOptions(texts, {}, djet.app.zone))
        return { status: 202, body: await taskOf(djet, id), location: `/tasks/${id}` }
      },
    }),
    defineOperation({
      id: 'getTask',
      method: 'GET',
      path: '/tasks/{task}',
      tag: TAG,
      summary: 'What became of a task',
      description: 'Of one of your own, or of any that you may see.',
      scope: 'read',
      answers: task,
      errors: [404],
      handle: async ({ djet, params }) => {
        const { id } = await sightOf({ djet, node: await jobsNode(djet) }, taskId(params.task))
        return { body: await taskOf(djet, id) }
      },
    }),
    defineOperation({
      id: 'cancelTask',
      method: 'POST',
      path: '/tasks/{task}/cancel',
      tag: TAG,
      summary: 'Cancel a task',
      scope: 'jobs',
      answers: task,
      errors: [404, 409],
      handle: async ({ djet, params }) => {
        const node = await jobsNode(djet)
        const owner = await sightOf({ djet, node }, taskId(params.task))
        if (!owner.own) await requireCancel(djet, node, owner)
        await cancelTask(djet, owner.id)
        return { body: await taskOf(djet, owner.id) }
      },
    }),
    defineOperation({
      id: 'retryTask',
      method: 'POST',
      path: '/tasks/{task}/retry',
      tag: TAG,
      summary: 'Let a failed task run again',
      scope: 'jobs',
      answers: task,
      errors: [404, 409],
      handle: async ({ djet, params }) => {
        const node = await jobsNode(djet)
        const owner = await sightOf({ djet, node }, taskId(params.task))
        await requireCancel(djet, node, owner)
        await retryTask(djet, owner.id)
        return { body: await taskOf(djet, owner.id) }
      },
    }),
  ],
}
