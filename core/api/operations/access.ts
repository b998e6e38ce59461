import { z } from 'zod'
import { findAccount } from '../../account.ts'
import { DjetError } from '../../error.ts'
import { explain, rolesOf } from '../../node/access.ts'
import { ref } from '../json-schema.ts'
import { nodeAnswer } from '../node-view.ts'
import { type ApiOperation, defineOperation } from '../operation.ts'
import { idParam } from '../problem.ts'
import { aclSchema } from '../shapes.ts'

const TAG = 'Access'
const PERMISSIONS = ['view', 'edit', 'publish', 'administer']

/** Who may do what, and who is asking. */
export const accessOperations: readonly ApiOperation[] = [
  defineOperation({
    id: 'getApi',
    method: 'GET',
    path: '/',
    tag: TAG,
    summary: 'Where to begin',
    scope: 'read',
    open: true,
    answers: {
      200: {
        description: 'Addresses.',
        schema: {
          type: 'object',
          properties: { document: { type: 'string' }, me: { type: 'string' }, root: { type: 'string' } },
        },
      },
    },
    handle: async () => ({
      body: { document: '/-/openapi.json', me: '/-/api/me', root: '/-/api/nodes?path=/' },
    }),
  }),
  defineOperation({
    id: 'explainAccess',
    method: 'GET',
    path: '/nodes/{node}/access',
    tag: TAG,
    summary: 'Who may do what at a node, and why',
    description: 'Of one user with `login`, else of the roles in `roles`. Needs `administer` there.',
    scope: 'administer',
    query: z.strictObject({
      login: z.string().max(100).optional(),
      roles: z.string().max(500).optional().describe('With commas in between; `everyone` when absent.'),
      permissions: z
        .string()
        .max(500)
        .optional()
        .describe(`With commas; ${PERMISSIONS.join(',')} when absent.`),
    }),
    answers: {
      200: {
        description: 'The rules of the node itself, and one explanation for each permission.',
        schema: {
          type: 'object',
          required: ['acl', 'explanations'],
          properties: {
            acl: { anyOf: [ref('Acl'), { type: 'null' }] },
            explanations: { type: 'array', items: ref('Explanation') },
          },
        },
        headers: ['ETag'],
      },
    },
    errors: [404],
    handle: async ({ djet, params, query }) => {
      const node = await djet.nodes.require(idParam(params.node))
      await djet.require('administer', node)
      const branch = await djet.asSystem().nodes.branch(node)
      let roles = words(query.roles ?? 'everyone')
      if (query.login !== undefined) {
        const account = await findAccount(djet, query.login)
        if (account === null) {
          throw new DjetError('LOGIN_UNKNOWN', 'there is no such user.', { status: 404 })
        }
        roles = [...rolesOf(account)]
      }
      const permissions = words(query.permissions ?? PERMISSIONS.join(','))
      const { basetypes } = djet.app
      const explanations = permissions.map((permission) => explain(branch, basetypes, roles, permission))
      return { body: { acl: node.acl, explanations }, version: node.version }
    },
  }),
  defineOperation({
    id: 'setAccess',
    method: 'PUT',
    path: '/nodes/{node}/access',
    tag: TAG,
    summary: 'Set the rules of a node',
    description:
      'For each role the permissions from here down; an empty list denies. Null: no rules of its own. Needs `administer` there.',
    scope: 'administer',
    ifMatch: 'required',
    body: z.strictObject({ acl: aclSchema.nullable() }),
    bodyExample: { acl: { everyone: ['view'], staff: ['view', 'edit'] } },
    answers: { 200: { description: 'The node.', schema: ref('Node'), headers: ['ETag'] } },
    errors: [404],
    handle: async ({ djet, params, body, expected }) => {
      const node = await djet.nodes.require(idParam(params.node))
      await djet.require('administer', node)
      return nodeAnswer(djet, await djet.nodes.update(node, { acl: body.acl, ...expected }))
    },
  }),
  defineOperation({
    id: 'whoAmI',
    method: 'GET',
    path: '/me',
    tag: TAG,
    summary: 'In whose name you ask, and what your token is for',
    scope: 'read',
    answers: { 200: { description: 'You.', schema: ref('Me') } },
    handle: async ({ djet }) => ({ body: { user: djet.user, token: djet.token } }),
  }),
]

function words(list: string): string[] {
  return list.split(',').filter((word) => /^[\p{L}\p{N}_.*-]{1,60}$/u.test(word))
}
