import { z } from 'zod'
import { DjetError } from '../../error.ts'
import { toCursor } from '../../node/cursor.ts'
import type { Redirect } from '../../node/redirect.ts'
import type { Djet } from '../../scope.ts'
import { defined } from '../defined.ts'
import { pageOf, ref } from '../json-schema.ts'
import { pageAnswer } from '../node-view.ts'
import { type ApiOperation, defineOperation } from '../operation.ts'
import { idParam } from '../problem.ts'
import { paging } from '../shapes.ts'

const TAG = 'Redirects'
const place = z.union([z.int().positive(), z.string().min(1).max(4000)], {
  error: 'must be the id of a node, a path or a URL',
})

/** Where old addresses lead. */
export const redirectOperations: readonly ApiOperation[] = [
  defineOperation({
    id: 'listRedirects',
    method: 'GET',
    path: '/redirects',
    tag: TAG,
    summary: 'Redirects, by the address they are from',
    description: 'Needs `edit` at the deepest page of `below`; without it, at the root.',
    scope: 'write',
    query: z.strictObject({
      ...paging,
      below: z.string().optional().describe('Only from this path and below.'),
      to: z.coerce.number().int().positive().optional().describe('Only to this node.'),
    }),
    answers: { 200: { description: 'A page of them.', schema: pageOf(ref('Redirect')) } },
    errors: [404],
    handle: async ({ djet, ctx, query }) => pageAnswer(ctx, await djet.nodes.listRedirects(query)),
  }),
  defineOperation({
    id: 'addRedirect',
    method: 'POST',
    path: '/redirects',
    tag: TAG,
    summary: 'Make an address lead elsewhere',
    scope: 'write',
    body: z.strictObject({
      from: z.string().min(1).max(4000),
      to: place.describe('Id or path of a node, another path of the site, or a URL.'),
      subtree: z
        .boolean()
        .optional()
        .describe('What is below it leads to the same below `to`; true when absent.'),
    }),
    bodyExample: { from: '/old', to: '/new' },
    answers: { 201: { description: 'It is made.', schema: ref('Redirect') } },
    errors: [404, 409],
    handle: async ({ djet, body }) => ({ status: 201, body: await djet.nodes.addRedirect(defined(body)) }),
  }),
  defineOperation({
    id: 'changeRedirect',
    method: 'PATCH',
    path: '/redirects/{redirect}',
    tag: TAG,
    summary: 'Change a redirect',
    scope: 'write',
    body: z.strictObject({
      from: z.string().min(1).max(4000).optional(),
      to: place.optional(),
      subtree: z.boolean().optional(),
    }),
    bodyExample: { to: '/newer' },
    answers: {
      200: { description: 'The new one in its place, with an id of its own.', schema: ref('Redirect') },
    },
    errors: [404, 409],
    handle: async ({ djet, params, body }) => {
      const id = idParam(params.redirect)
      const changed = await djet.transaction(async (djet) => {
        const old = await redirectOf(djet, id)
        await djet.nodes.removeRedirect(id)
        const to = body.to ?? old.nodeId ?? old.to
        if (to === null) throw gone()
        return djet.nodes.addRedirect({
          from: body.from ?? old.from,
          to,
          subtree: body.subtree ?? old.subtree,
        })
      })
      return { body: changed }
    },
  }),
  defineOperation({
    id: 'removeRedirect',
    method: 'DELETE',
    path: '/redirects/{redirect}',
    tag: TAG,
    summary: 'Remove a redirect',
    scope: 'write',
    answers: { 204: { description: 'It is gone.' } },
    errors: [404],
    handle: async ({ djet, params }) => {
      await djet.nodes.removeRedirect(idParam(params.redirect))
      return {}
    },
  }),
]

/** @throws {DjetError} REDIRECT_NOT_FOUND, 404; ACCESS_DENIED */
async function redirectOf(djet: Djet, id: number): Promise<Redirect> {
  const [row] = await djet.query<{ from: string }>(
    'select from_path as "from" from djet.redirect where id = $1',
    [id],
  )
  if (!row) throw gone()
  // The place before it in the order of the list, so that the list begins with it.
  const after = toCursor([row.from.slice(0, -1)])
  const { items } = await djet.nodes.listRedirects({ below: row.from, after, limit: 1 })
  if (items[0]?.id === id) return items[0]
  throw gone()
}

function gone(): DjetError {
  return new DjetError('REDIRECT_NOT_FOUND', 'this redirect is gone already.', { status: 404 })
}
