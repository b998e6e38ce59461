import {
  type ApiOperation,
  type Djet,
  defined,
  defineOperation,
  pageAnswer,
  pageOf,
  paging,
  ref,
  siteUrl,
  z,
} from '../../../core/index.ts'
import { changeUser } from '../model/change-user.ts'
import { requireLanguage, setLanguage } from '../model/language.ts'
import { listUsers } from '../model/list.ts'
import { requireReachable, tryInvite } from '../model/manage.ts'
import { roleWarnings } from '../model/role-warnings.ts'
import { accountOf, addUser, usersNode } from '../model/user.ts'
import type { Tools } from '../tools.ts'
import { answersUser, seenUser, TAG, userAnswer, userView } from './view.ts'

const email = z.email().max(254)
const roles = z.array(z.string().max(50)).max(50)
const name = z.string().trim().min(1).max(255)
const language = z.string().max(35)

/** What an answer says of roles that nothing on the site speaks of. */
async function warnedOf(djet: Djet, roles: readonly string[] = []): Promise<{ warnings?: string[] }> {
  const warnings = await roleWarnings(djet, roles)
  return warnings.length > 0 ? { warnings } : {}
}

/** Finding, making, inviting and changing users. */
export function userOperations(tools: Tools): readonly ApiOperation[] {
  return [
    defineOperation({
      id: 'listUsers',
      method: 'GET',
      path: '/users',
      tag: TAG,
      summary: 'Users, by login',
      description: 'Needs `view` at the page of users, which administrators have.',
      scope: 'read',
      query: z.strictObject({
        ...paging,
        q: z.string().max(200).optional().describe('Beginnings of words of name, login and e-mail address.'),
      }),
      answers: { 200: { description: 'A page of them.', schema: pageOf(ref('User')) } },
      errors: [404],
      handle: async ({ djet, ctx, query: { q = '', ...options } }) => {
        await djet.require('view', await usersNode(djet))
        return pageAnswer(ctx, await listUsers(djet, { search: q, ...defined(options) }), userView)
      },
    }),
    defineOperation({
      id: 'getUser',
      method: 'GET',
      path: '/users/{user}',
      tag: TAG,
      summary: 'A user',
      scope: 'read',
      answers: answersUser,
      errors: [404],
      handle: async ({ djet, params }) => userAnswer(djet, tools, await seenUser(djet, params.user)),
    }),
    defineOperation({
      id: 'createUser',
      method: 'POST',
      path: '/users',
      tag: TAG,
      summary: 'Make a user, or invite one',
      description:
        'Without `password` he is sent a link by mail, with which he chooses it himself; `invitation` says whether the mail was sent. Needs `edit` at the page of users, and only an administrator makes administrators.',
      scope: 'administer',
      body: z.strictObject({
        login: z.string().min(1).max(100),
        name: name.optional().describe('The login when absent.'),
        email: email.optional(),
        roles: roles.optional(),
        language: language.optional().describe('Of the interface and of mails to him.'),
        password: z.string().max(1000).optional(),
      }),
      bodyExample: { login: 'nancy', name: 'Nancy Davolio', email: 'nancy@example.com', roles: ['staff'] },
      answers: {
        201: { description: 'He is made.', schema: ref('User'), headers: ['ETag', 'Location'] },
      },
      errors: [404, 409],
      handle: async ({ djet, ctx, body: { language, ...given } }) => {
        requireReachable(defined(given))
        const node = await djet.transaction(async (djet) => {
          const node = await addUser(djet, defined(given))
          if (language !== undefined) {
            const { id } = await accountOf(djet, { nodeId: node.id })
            await setLanguage(djet, id, requireLanguage(djet, language))
          }
          return node
        })
        const warned = await warnedOf(djet, given.roles)
        const made = { status: 201, location: `/users/${node.id}`, body: warned }
        if (given.password !== undefined) return userAnswer(djet, tools, node.id, made)
        const problem = await tryInvite(djet, { nodeId: node.id, base: siteUrl(ctx) })
        const invitation = { sent: problem === null, problem }
        return userAnswer(djet, tools, node.id, { ...made, body: { invitation, ...warned } })
      },
    }),
    defineOperation({
      id: 'changeUser',
      method: 'PATCH',
      path: '/users/{user}',
      tag: TAG,
      summary: 'Change name, e-mail address, roles and language of a user',
      description:
        'What is not sent stays. New roles hold from his next request on. The last administrator keeps the role.',
      scope: 'administer',
      ifMatch: 'required',
      body: z.strictObject({
        name: name.optional(),
        email: email.nullable().optional().describe('Null: none.'),
        roles: roles.optional(),
        language: language.nullable().optional().describe('Null: none of his own.'),
      }),
      bodyExample: { roles: ['staff', 'editor'] },
      answers: answersUser,
      changed: 'USER_CHANGED',
      errors: [404, 409],
      handle: async ({ djet, params, body, expected }) => {
        const id = await seenUser(djet, params.user)
        await changeUser(djet, tools.settings, id, defined(body), expected.ifVersion)
        return userAnswer(djet, tools, id, { body: await warnedOf(djet, body.roles) })
      },
    }),
  ]
}
