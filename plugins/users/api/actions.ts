import {
  type ApiOperation,
  type Djet,
  DjetError,
  defineOperation,
  idParam,
  pageOf,
  ref,
  siteUrl,
  tokensOf,
  z,
} from '../../../core/index.ts'
import { sessionLines } from '../engine/sessions.ts'
import { revokeApiTokens } from '../model/api-token.ts'
import { endSessionsOf, resetFactor, sendInvitation } from '../model/manage.ts'
import { unlock } from '../model/unlock.ts'
import { changePassword, requireMayManage, setEnabled, type UserAccount } from '../model/user.ts'
import type { Tools } from '../tools.ts'
import { answersUser, changedUser, TAG, userAnswer } from './view.ts'

const none = { 204: { description: 'It is done.' } }

/** What is done to one user: what the buttons of his page do, by the same rules. All of it needs `edit` at his page. */
export function userActions(tools: Tools): readonly ApiOperation[] {
  /** A change without a body that answers with the user. */
  const action = (
    verb: string,
    summary: string,
    work: (djet: Djet, account: UserAccount, base: string) => Promise<unknown>,
    more: Pick<ApiOperation, 'description'> = {},
  ): ApiOperation =>
    defineOperation({
      id: `${verb}User`,
      method: 'POST',
      path: `/users/{user}/${verb}`,
      tag: TAG,
      summary,
      ...more,
      scope: 'administer',
      body: z.strictObject({}),
      answers: answersUser,
      errors: [404, 409, 502],
      handle: async ({ djet, ctx, params }) => {
        const account = await managed(djet, params.user)
        await work(djet, account, siteUrl(ctx))
        return userAnswer(djet, tools, account.nodeId)
      },
    })

  return [
    action(
      'disable',
      'Let a user in no longer',
      (djet, { login }) => setEnabled(djet, { login, enabled: false }),
      { description: 'His sessions end at once and his tokens are revoked. Not the last administrator.' },
    ),
    action('enable', 'Let a user in again', (djet, { login }) => setEnabled(djet, { login, enabled: true })),
    action('unlock', 'Let a user in who has tried too many wrong passwords or codes', (djet, { login }) =>
      unlock(djet, tools.settings, login),
    ),
    action(
      'invite',
      'Send the invitation of a user again',
      (djet, { nodeId }, base) => sendInvitation(djet, { nodeId, base }),
      {
        description:
          'Links that were sent before are worth nothing then. Only while he has chosen no password.',
      },
    ),
    defineOperation({
      id: 'setUserPassword',
      method: 'PUT',
      path: '/users/{user}/password',
      tag: TAG,
      summary: 'Give a user a new password',
      description: 'It ends all his sessions.',
      scope: 'administer',
      body: z.strictObject({ password: z.string().max(1000) }),
      bodyExample: { password: 'a long one of your own' },
      answers: none,
      handle: async ({ djet, params, body: { password } }) => {
        const { login } = await managed(djet, params.user)
        await changePassword(djet, { login, password })
        return {}
      },
    }),
    defineOperation({
      id: 'resetSecondFactor',
      method: 'DELETE',
      path: '/users/{user}/second-factor',
      tag: TAG,
      summary: 'Take the second factor of a user away',
      description: 'His recovery codes go with it, and all his sessions end.',
      scope: 'administer',
      answers: none,
      handle: async ({ djet, params }) => {
        const there = await resetFactor(djet, await managed(djet, params.user))
        if (there) return {}
        throw new DjetError('FACTOR_MISSING', 'this user has no second factor.', { status: 404 })
      },
    }),
    defineOperation({
      id: 'listUserSessions',
      method: 'GET',
      path: '/users/{user}/sessions',
      tag: TAG,
      summary: 'Where a user is logged in',
      scope: 'administer',
      answers: {
        200: { description: 'At most 100, the latest visit first.', schema: pageOf(ref('UserSession')) },
      },
      handle: async ({ djet, params }) => {
        const { id } = await changedUser(djet, params.user)
        const lines = await sessionLines(djet, id, undefined)
        return { body: { items: lines.map(({ here: _, ...line }) => line), next: null } }
      },
    }),
    defineOperation({
      id: 'endUserSessions',
      method: 'DELETE',
      path: '/users/{user}/sessions',
      tag: TAG,
      summary: 'Log a user out everywhere',
      scope: 'administer',
      answers: none,
      handle: async ({ djet, params }) => {
        await endSessionsOf(djet, await managed(djet, params.user))
        return {}
      },
    }),
    defineOperation({
      id: 'endUserSession',
      method: 'DELETE',
      path: '/users/{user}/sessions/{session}',
      tag: TAG,
      summary: 'Log a user out in one place',
      scope: 'administer',
      answers: none,
      handle: async ({ djet, params }) => {
        const account = await managed(djet, params.user)
        const ended = await endSessionsOf(djet, account, idParam(params.session))
        if (ended > 0) return {}
        throw new DjetError('SESSION_UNKNOWN', 'there is no such session any more.', { status: 404 })
      },
    }),
    defineOperation({
      id: 'listUserTokens',
      method: 'GET',
      path: '/users/{user}/tokens',
      tag: TAG,
      summary: 'Tokens a user has made for programs',
      scope: 'administer',
      answers: { 200: { description: 'All of them, the latest first.', schema: pageOf(ref('UserToken')) } },
      handle: async ({ djet, params }) => {
        const { id } = await changedUser(djet, params.user)
        return { body: { items: await tokensOf(djet, id), next: null } }
      },
    }),
    defineOperation({
      id: 'revokeUserToken',
      method: 'DELETE',
      path: '/users/{user}/tokens/{token}',
      tag: TAG,
      summary: 'Revoke a token of a user',
      scope: 'administer',
      answers: none,
      handle: async ({ djet, params }) => {
        const account = await managed(djet, params.user)
        const gone = await revokeApiTokens(djet, account, idParam(params.token))
        if (gone > 0) return {}
        throw new DjetError('TOKEN_UNKNOWN', 'there is no such token any more.', { status: 404 })
      },
    }),
  ]
}

/** The account of a user who is to be changed. @throws {DjetError} ADMIN_ONLY, 403, and those of `changedUser` */
async function managed(djet: Djet, param: string | undefined): Promise<UserAccount> {
  const account = await changedUser(djet, param)
  requireMayManage(djet, account)
  return account
}
