import {
  type ApiPart,
  type AuditLine,
  type Branch,
  type Djet,
  DjetError,
  DOORS,
  defined,
  defineOperation,
  listAudit,
  nodeView,
  pageAnswer,
  pageOf,
  paging,
  ref,
  time,
  z,
} from '../../core/index.ts'
import { typeOperations, typeShapes } from './api-types.ts'
import { searchNodes } from './model/search.ts'

/** Search in the tree, and the record of who did what. */
export const adminApi: ApiPart = {
  schemas: {
    ...typeShapes,
    AuditLine: z.object({
      id: z.int(),
      at: time(),
      login: z.string().nullable().describe('Null: a visitor, or the site itself.'),
      door: z.enum(DOORS),
      via: z.string().nullable().describe('Which command, task or token.'),
      action: z.string(),
      subject: z.string().nullable(),
      nodeId: z.int().nullable(),
      nodePath: z.string().nullable(),
      data: z.record(z.string(), z.unknown()).nullable(),
    }),
  },
  operations: [
    ...typeOperations,
    defineOperation({
      id: 'searchNodes',
      method: 'GET',
      path: '/search',
      tag: 'Nodes',
      summary: 'Nodes whose name or title begins with a text, or whose path does',
      scope: 'read',
      query: z.strictObject({
        ...paging,
        q: z
          .string()
          .min(1)
          .max(200)
          .describe('Capitals make no difference; with `/` at the beginning a path.'),
      }),
      answers: { 200: { description: 'A page of them.', schema: pageOf(ref('Node')) } },
      handle: async ({ djet, ctx, query: { q, ...options } }) => {
        const { items, next } = await searchNodes(djet, q, options)
        const branches: Branch[] = []
        for (const node of items) branches.push(await djet.nodes.branch(node))
        return pageAnswer(ctx, { items: branches, next }, (branch) => nodeView(djet, branch))
      },
    }),
    defineOperation({
      id: 'listAudit',
      method: 'GET',
      path: '/audit',
      tag: 'Audit',
      summary: 'Who did what when, the latest first',
      description: 'Needs `administer` at the administration.',
      scope: 'administer',
      query: z.strictObject({
        limit: paging.limit,
        before: z.string().optional().describe('From `next` of the page before.'),
        action: z.string().max(100).optional(),
        user: z.string().max(100).optional().describe('Login.'),
        door: z.enum(DOORS).optional(),
        node: z.coerce
          .number()
          .int()
          .positive()
          .max(2_147_483_647)
          .optional()
          .describe('Id, also of one that is gone.'),
        since: z.iso.datetime({ offset: true }).optional(),
        until: z.iso.datetime({ offset: true }).optional(),
      }),
      answers: { 200: { description: 'A page of it.', schema: pageOf(ref('AuditLine')) } },
      handle: async ({ djet, ctx, query: { node, since, until, ...filter } }) => {
        await djet.require('administer', await adminNode(djet))
        const page = await listAudit(djet, {
          ...defined(filter),
          ...(node === undefined ? {} : { nodeId: node }),
          ...(since === undefined ? {} : { since: new Date(since) }),
          ...(until === undefined ? {} : { until: new Date(until) }),
        })
        return pageAnswer<AuditLine>(ctx, page, undefined, 'before')
      },
    }),
  ],
}

/** @throws {DjetError} NOT_FOUND, 404 */
async function adminNode(djet: Djet): Promise<number> {
  const [row] = await djet.query<{ id: number }>({
    name: 'admin-node',
    text: "select id from djet.node where basetype = 'admin' limit 1",
  })
  if (row) return row.id
  throw new DjetError('NOT_FOUND', 'this site has no administration.', { status: 404 })
}
