import { z } from 'zod'
import { DjetError } from '../../error.ts'
import type { NodeRef } from '../../node/nodes.ts'
import { refuseObstacles } from '../../node/trash-obstacles.ts'
import { clientData } from '../client-data.ts'
import { defined } from '../defined.ts'
import { pageOf, ref } from '../json-schema.ts'
import { nodeAnswer, nodeView, pageAnswer } from '../node-view.ts'
import { type ApiOperation, defineOperation } from '../operation.ts'
import { idParam } from '../problem.ts'
import { aclSchema, line, nodeRef, paging } from '../shapes.ts'

const TAG = 'Nodes'
const data = z.record(z.string(), z.unknown())
const part = z.string().trim().min(1).max(200)
const nodeAnswers = { 200: { description: 'The node.', schema: ref('Node'), headers: ['ETag'] as const } }
const made = { description: 'It is made.', schema: ref('Node'), headers: ['ETag', 'Location'] as const }

/** Reading, making, changing, moving and deleting nodes. */
export const nodeOperations: readonly ApiOperation[] = [
  defineOperation({
    id: 'findNode',
    method: 'GET',
    path: '/nodes',
    tag: TAG,
    summary: 'A node by its path',
    scope: 'read',
    open: true,
    query: z.strictObject({
      path: z.string().min(1).describe('As in the address of its page, not encoded: `/` is the root.'),
    }),
    answers: nodeAnswers,
    errors: [404],
    handle: async ({ djet, query }) => nodeAnswer(djet, await djet.nodes.require(query.path)),
  }),
  defineOperation({
    id: 'getNode',
    method: 'GET',
    path: '/nodes/{node}',
    tag: TAG,
    summary: 'A node',
    scope: 'read',
    open: true,
    answers: nodeAnswers,
    errors: [404],
    handle: async ({ djet, params }) => nodeAnswer(djet, await djet.nodes.require(idParam(params.node))),
  }),
  defineOperation({
    id: 'listChildren',
    method: 'GET',
    path: '/nodes/{node}/children',
    tag: TAG,
    summary: 'The children of a node, in order',
    scope: 'read',
    open: true,
    query: z.strictObject({
      ...paging,
      basetype: z.string().optional().describe('Only of these types, with commas in between.'),
    }),
    answers: { 200: { description: 'A page of them.', schema: pageOf(ref('Node')) } },
    errors: [404],
    handle: async ({ djet, ctx, params, query }) => {
      const node = await djet.nodes.require(idParam(params.node))
      const branch = await djet.nodes.branch(node)
      const { basetype, ...options } = query
      const types = basetype === undefined ? {} : { basetype: basetype.split(',') }
      const page = await djet.nodes.children(branch, { ...defined(options), ...types })
      return pageAnswer(ctx, page, (child) => nodeView(djet, [child, ...branch]))
    },
  }),
  defineOperation({
    id: 'createNode',
    method: 'POST',
    path: '/nodes/{node}/children',
    tag: TAG,
    summary: 'Make a child of a node',
    description:
      'Without `status` it is published by those who may publish there and a draft of others. `acl` needs `administer`.',
    scope: 'write',
    body: z.strictObject({
      basetype: z.string().min(1).max(100),
      name: line().optional(),
      title: line().optional(),
      part: part.optional().describe('Its step of the address; made from the name when absent.'),
      data: data.optional(),
      status: z.enum(['published', 'draft']).optional(),
      acl: aclSchema.optional(),
    }),
    bodySchema: ref('NewNode'),
    answers: { 201: made },
    errors: [404, 409],
    handle: async ({ djet, params, body }) => {
      const parent = await djet.nodes.require(idParam(params.node))
      const basetype = djet.app.basetypes.get(body.basetype)
      const node = await djet.transaction(async (djet) =>
        djet.nodes.insert(parent, {
          ...defined(body),
          basetype: body.basetype,
          data: basetype ? await clientData(djet, basetype, body.data ?? {}) : {},
        }),
      )
      return nodeAnswer(djet, node, { status: 201, location: `/nodes/${node.id}` })
    },
  }),
  defineOperation({
    id: 'updateNode',
    method: 'PATCH',
    path: '/nodes/{node}',
    tag: TAG,
    summary: 'Change a node',
    description:
      'What is not sent stays; null empties a field. Of a published node visitors see it at once, so it needs `publish`; without that save a draft. A new `part` (which needs `publish` as well) gives it and all below it a new address, and the old ones lead there.',
    scope: 'write',
    ifMatch: 'required',
    body: z.strictObject({
      name: line().optional(),
      title: line().optional(),
      part: part.optional(),
      data: data.optional(),
      note: z.string().max(255).optional().describe('A line about the change, kept with the version.'),
    }),
    bodySchema: ref('NodeChange'),
    answers: nodeAnswers,
    errors: [404, 409],
    handle: async ({ djet, params, body, expected }) => {
      const node = await djet.nodes.require(idParam(params.node))
      const basetype = djet.app.basetypes.get(node.basetype)
      const changed = await djet.transaction(async (djet) => {
        const data =
          body.data && basetype ? { data: await clientData(djet, basetype, body.data, node.data) } : {}
        return djet.nodes.update(node, { ...defined(body), ...data, ...expected })
      })
      return nodeAnswer(djet, changed)
    },
  }),
  defineOperation({
    id: 'deleteNode',
    method: 'DELETE',
    path: '/nodes/{node}',
    tag: TAG,
    summary: 'Put a node with all below it into the trash',
    description:
      'Its addresses are free then. Nodes of types that do not go to the trash are deleted for good: they need `permanently`.',
    scope: 'write',
    ifMatch: 'required',
    query: z.strictObject({
      permanently: z.enum(['true', 'false']).optional(),
    }),
    answers: {
      200: { description: 'What is in the trash now.', schema: ref('TrashItem') },
      204: { description: 'It is deleted for good.' },
    },
    errors: [404, 409],
    handle: async ({ djet, params, query, expected }) => {
      const node = await djet.nodes.require(idParam(params.node))
      if (query.permanently !== 'true') return { body: await djet.nodes.trash(node, expected) }
      await djet.require('edit', node)
      if (djet.app.basetypes.get(node.basetype)?.trash !== false) {
        const message = 'a page is put into the trash first, and deleted for good there.'
        throw new DjetError('NODE_NOT_TRASHED', message, { status: 409 })
      }
      await refuseObstacles(djet, node)
      await djet.nodes.delete(node, expected)
      return {}
    },
  }),
  defineOperation({
    id: 'moveNode',
    method: 'POST',
    path: '/nodes/{node}/move',
    tag: TAG,
    summary: 'Give a node another place or order',
    description:
      'With `dryRun` nothing is changed: the answer says what would be. Another address of a published node needs `publish`, where it is and where it goes; another order `edit`.',
    scope: 'write',
    ifMatch: 'optional',
    body: z.strictObject({
      parent: nodeRef.optional().describe('New parent; it stays where it is when absent.'),
      part: part.optional(),
      before: nodeRef.optional().describe('Sibling to stand before.'),
      after: nodeRef.optional().describe('Sibling to stand after.'),
      dryRun: z.boolean().optional(),
    }),
    bodyExample: { parent: '/shop', dryRun: true },
    answers: {
      200: {
        description: 'The node, or what the move would do.',
        schema: { anyOf: [ref('Node'), ref('MoveReport')] },
        headers: ['ETag'],
      },
    },
    errors: [404, 409],
    handle: async ({ djet, params, body: { dryRun, ...to }, expected }) => {
      const node = await djet.nodes.require(idParam(params.node))
      const place = defined(to) as { parent?: NodeRef; part?: string; before?: NodeRef; after?: NodeRef }
      if (dryRun) return { body: await djet.nodes.moveReport(node, place) }
      return nodeAnswer(djet, await djet.nodes.move(node, { ...place, ...expected }))
    },
  }),
  defineOperation({
    id: 'duplicateNode',
    method: 'POST',
    path: '/nodes/{node}/duplicate',
    tag: TAG,
    summary: 'Copy a node, as a draft',
    scope: 'write',
    body: z.strictObject({
      deep: z.boolean().optional().describe('With all below it.'),
      parent: nodeRef.optional().describe('Beside the node when absent.'),
      part: part.optional(),
      name: line().optional(),
      title: line().optional(),
    }),
    bodyExample: { deep: true, name: 'Copy' },
    answers: { 201: made },
    errors: [404, 409],
    handle: async ({ djet, params, body }) => {
      const node = await djet.nodes.require(idParam(params.node))
      const copy = await djet.nodes.duplicate(node, defined(body))
      return nodeAnswer(djet, copy, { status: 201, location: `/nodes/${copy.id}` })
    },
  }),
]
