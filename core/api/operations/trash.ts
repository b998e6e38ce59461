import { z } from 'zod'
import { defined } from '../defined.ts'
import { pageOf, ref } from '../json-schema.ts'
import { nodeAnswer, pageAnswer } from '../node-view.ts'
import { type ApiOperation, defineOperation } from '../operation.ts'
import { idParam } from '../problem.ts'
import { nodeRef, paging } from '../shapes.ts'

const TAG = 'Trash'

/** Subtrees that are gone for everybody and can come back. */
export const trashOperations: readonly ApiOperation[] = [
  defineOperation({
    id: 'listTrash',
    method: 'GET',
    path: '/trash',
    tag: TAG,
    summary: 'What is in the trash, the latest first',
    description: 'What you could edit where it stood.',
    scope: 'write',
    query: z.strictObject(paging),
    answers: { 200: { description: 'A page of it.', schema: pageOf(ref('TrashItem')) } },
    handle: async ({ djet, ctx, query }) => pageAnswer(ctx, await djet.nodes.listTrash(query)),
  }),
  defineOperation({
    id: 'restoreTrash',
    method: 'POST',
    path: '/trash/{item}/restore',
    tag: TAG,
    summary: 'Put a subtree back, with its versions and redirects',
    scope: 'write',
    body: z.strictObject({
      parent: nodeRef.optional().describe('Where it stood when absent.'),
      part: z.string().trim().min(1).max(200).optional(),
    }),
    bodyExample: {},
    answers: { 200: { description: 'The node.', schema: ref('Node'), headers: ['ETag', 'Location'] } },
    errors: [404, 409],
    handle: async ({ djet, params, body }) => {
      const node = await djet.nodes.restoreTrash(idParam(params.item), defined(body))
      return nodeAnswer(djet, node, { location: `/nodes/${node.id}` })
    },
  }),
  defineOperation({
    id: 'purgeTrash',
    method: 'DELETE',
    path: '/trash/{item}',
    tag: TAG,
    summary: 'Delete a trashed subtree for good',
    scope: 'write',
    answers: { 204: { description: 'It is gone.' } },
    errors: [404],
    handle: async ({ djet, params }) => {
      await djet.nodes.purgeTrash(idParam(params.item))
      return {}
    },
  }),
  defineOperation({
    id: 'emptyTrash',
    method: 'DELETE',
    path: '/trash',
    tag: TAG,
    summary: 'Delete for good what was trashed before a time',
    description: 'For administrators; at most 1,000 subtrees at once.',
    scope: 'administer',
    query: z.strictObject({ before: z.iso.datetime({ offset: true }) }),
    answers: {
      200: {
        description: 'How many nodes went.',
        schema: { type: 'object', required: ['nodes'], properties: { nodes: { type: 'integer' } } },
      },
    },
    handle: async ({ djet, query }) => ({
      body: { nodes: await djet.nodes.emptyTrash(new Date(query.before)) },
    }),
  }),
]
