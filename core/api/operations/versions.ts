import { z } from 'zod'
import type { Version } from '../../node/version.ts'
import type { Djet } from '../../scope.ts'
import { clientData } from '../client-data.ts'
import { defined } from '../defined.ts'
import { pageOf, ref } from '../json-schema.ts'
import { nodeAnswer, pageAnswer } from '../node-view.ts'
import { type ApiOperation, defineOperation } from '../operation.ts'
import { idParam } from '../problem.ts'
import { line, paging } from '../shapes.ts'

const TAG = 'Versions and drafts'
const VERSION = { version: { type: 'string', pattern: '^\\d{1,9}(\\.\\d{1,9})?$' } }
const draftAnswers = {
  200: { description: 'The draft.', schema: ref('Version'), headers: ['ETag'] as const },
}

/** What was saved earlier, and the draft that is being worked on. */
export const versionOperations: readonly ApiOperation[] = [
  defineOperation({
    id: 'listVersions',
    method: 'GET',
    path: '/nodes/{node}/versions',
    tag: TAG,
    summary: 'Saved states of a node, the newest first',
    scope: 'write',
    query: z.strictObject({
      limit: paging.limit,
      before: z.string().optional().describe('Older than this version.'),
    }),
    answers: { 200: { description: 'A page of them.', schema: pageOf(ref('VersionInfo')) } },
    errors: [404],
    handle: async ({ djet, ctx, params, query }) =>
      pageAnswer(ctx, await djet.nodes.versions(idParam(params.node), query), undefined, 'before'),
  }),
  defineOperation({
    id: 'getVersion',
    method: 'GET',
    path: '/nodes/{node}/versions/{version}',
    params: VERSION,
    tag: TAG,
    summary: 'One saved state of a node, whole',
    scope: 'write',
    answers: { 200: { description: 'The version.', schema: ref('Version') } },
    errors: [404],
    handle: async ({ djet, params }) => {
      const node = idParam(params.node)
      return { body: await shown(djet, await djet.nodes.versionOf(node, params.version!)) }
    },
  }),
  defineOperation({
    id: 'diffVersions',
    method: 'GET',
    path: '/nodes/{node}/diff',
    tag: TAG,
    summary: 'What two versions have differently, field by field',
    scope: 'write',
    query: z.strictObject({
      from: z.string().min(1),
      to: z.string().min(1).optional().describe('What the node is now when absent.'),
    }),
    answers: {
      200: {
        description: 'The differences.',
        schema: {
          type: 'object',
          required: ['differences'],
          properties: { differences: { type: 'array', items: ref('Difference') } },
        },
      },
    },
    errors: [404],
    handle: async ({ djet, params, query: { from, to } }) => {
      const node = await djet.nodes.require(idParam(params.node))
      return { body: { differences: await djet.nodes.diff(node, from, to ?? node.version) } }
    },
  }),
  defineOperation({
    id: 'restoreVersion',
    method: 'POST',
    path: '/nodes/{node}/versions/{version}/restore',
    params: VERSION,
    tag: TAG,
    summary: 'Put a saved state back, as a new version',
    scope: 'write',
    ifMatch: 'required',
    answers: { 200: { description: 'The node.', schema: ref('Node'), headers: ['ETag'] } },
    errors: [404],
    handle: async ({ djet, params, expected }) => {
      const id = idParam(params.node)
      return nodeAnswer(djet, await djet.nodes.restore(id, params.version!, expected))
    },
  }),
  defineOperation({
    id: 'getDraft',
    method: 'GET',
    path: '/nodes/{node}/draft',
    tag: TAG,
    summary: 'The draft that is being worked on',
    scope: 'write',
    answers: { ...draftAnswers, 204: { description: 'There is none.' } },
    errors: [404],
    handle: async ({ djet, params }) => {
      const draft = await djet.nodes.draftOf(idParam(params.node))
      return draft === null ? {} : { body: await shown(djet, draft), version: draft.id }
    },
  }),
  defineOperation({
    id: 'saveDraft',
    method: 'PUT',
    path: '/nodes/{node}/draft',
    tag: TAG,
    summary: 'Save a draft, on top of the one that is there',
    description: 'What is not sent stays. A node that is not published needs none: it is changed itself.',
    scope: 'write',
    ifMatch: 'required',
    body: z.strictObject({
      name: line().optional(),
      title: line().optional(),
      data: z.record(z.string(), z.unknown()).optional(),
      note: z.string().max(255).optional(),
    }),
    bodySchema: ref('DraftChange'),
    answers: draftAnswers,
    errors: [404],
    handle: async ({ djet, params, body, expected }) => {
      const node = await djet.nodes.require(idParam(params.node))
      const basetype = djet.app.basetypes.get(node.basetype)
      const draft = await djet.transaction(async (djet) => {
        const data =
          body.data && basetype ? { data: await clientData(djet, basetype, body.data, node.data) } : {}
        return djet.nodes.saveDraft(node, { ...defined(body), ...data, ...expected })
      })
      return { body: await shown(djet, draft), version: draft.id }
    },
  }),
  defineOperation({
    id: 'discardDraft',
    method: 'DELETE',
    path: '/nodes/{node}/draft',
    tag: TAG,
    summary: 'End the work on a draft',
    description: 'It stays among the versions.',
    scope: 'write',
    answers: { 204: { description: 'There is no draft any more.' } },
    errors: [404],
    handle: async ({ djet, params }) => {
      await djet.nodes.discardDraft(idParam(params.node))
      return {}
    },
  }),
]

/** A version without the rules of its node, for who may not administer it. */
export async function shown(djet: Djet, version: Version): Promise<Partial<Version>> {
  if (await mayAdminister(djet, version.nodeId)) return version
  const { acl: _, ...rest } = version
  return rest
}

async function mayAdminister(djet: Djet, nodeId: number): Promise<boolean> {
  return djet.app.rules.for(djet.user).may('administer', await djet.nodes.branch(nodeId))
}
