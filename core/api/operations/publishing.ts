import { z } from 'zod'
import type { PublishState } from '../../node/publish.ts'
import type { Djet } from '../../scope.ts'
import { defined } from '../defined.ts'
import { ref, time } from '../json-schema.ts'
import { nodeAnswer } from '../node-view.ts'
import { type ApiOperation, defineOperation } from '../operation.ts'
import { idParam } from '../problem.ts'
import { shown } from './versions.ts'

const TAG = 'Publishing'
const node = { 200: { description: 'The node.', schema: ref('Node'), headers: ['ETag'] as const } }
const state = {
  200: { description: 'Where it is between draft and published.', schema: ref('PublishState') },
}
const at = () =>
  time()
    .transform((text) => new Date(text))
    .nullable()
    .optional()
    .describe('Null: not by itself. Absent: as it was.')

/** What visitors see, and when. */
export const publishingOperations: readonly ApiOperation[] = [
  defineOperation({
    id: 'getPublishing',
    method: 'GET',
    path: '/nodes/{node}/publishing',
    tag: TAG,
    summary: 'Where a node is between draft and published',
    scope: 'write',
    answers: state,
    errors: [404],
    handle: async ({ djet, params }) => {
      const id = idParam(params.node)
      return { body: await stateView(djet, await djet.nodes.publishState(id)) }
    },
  }),
  defineOperation({
    id: 'publishNode',
    method: 'POST',
    path: '/nodes/{node}/publish',
    tag: TAG,
    summary: 'Show a node to visitors, with its draft',
    scope: 'publish',
    ifMatch: 'optional',
    body: z.strictObject({
      over: z.boolean().optional().describe('The draft goes before what was changed since it was begun.'),
      note: z.string().max(255).optional(),
    }),
    bodyExample: {},
    answers: node,
    errors: [404, 409],
    handle: async ({ djet, params, body, expected }) => {
      const id = idParam(params.node)
      return nodeAnswer(djet, await djet.nodes.publish(id, { ...defined(body), ...expected }))
    },
  }),
  defineOperation({
    id: 'unpublishNode',
    method: 'POST',
    path: '/nodes/{node}/unpublish',
    tag: TAG,
    summary: 'Hide a node and what is below it',
    scope: 'publish',
    ifMatch: 'optional',
    body: z.strictObject({ note: z.string().max(255).optional() }),
    bodyExample: {},
    answers: node,
    errors: [404, 409],
    handle: async ({ djet, params, body, expected }) => {
      const id = idParam(params.node)
      return nodeAnswer(djet, await djet.nodes.unpublish(id, { ...defined(body), ...expected }))
    },
  }),
  defineOperation({
    id: 'scheduleNode',
    method: 'PUT',
    path: '/nodes/{node}/schedule',
    tag: TAG,
    summary: 'Say when a node is published and unpublished by itself',
    scope: 'publish',
    body: z.strictObject({ publishAt: at(), unpublishAt: at() }),
    bodyExample: { publishAt: '2031-05-01T08:00:00Z', unpublishAt: null },
    answers: state,
    errors: [404],
    handle: async ({ djet, params, body }) => {
      const id = idParam(params.node)
      return { body: await stateView(djet, await djet.nodes.schedule(id, defined(body))) }
    },
  }),
]

async function stateView(djet: Djet, state: PublishState) {
  return { ...state, draft: state.draft && (await shown(djet, state.draft)) }
}
