import { allow, defineEngine, type Engine, type EngineContext, tokensOf } from '../../../core/index.ts'
import { inMinutes, lockedFor } from '../model/attempts.ts'
import { endSessionsOf, giveRoles, resetFactor } from '../model/manage.ts'
import { factorOf } from '../model/second-factor.ts'
import { unlock } from '../model/unlock.ts'
import { accountOf, changePassword, requireMayManage, setEnabled, type UserAccount } from '../model/user.ts'
import { demandsFactor } from '../options.ts'
import type { Tools } from '../tools.ts'
import { orForm, text, typed } from './form.ts'
import { sessionLines } from './sessions.ts'
import { revokeOne } from './tokens.ts'
import { sendInvitation, warnOfRoles, words } from './users.ts'

/** One user, for administrators: roles, password, whether he may log in, second factor, sessions. */
export function userEngine(tools: Tools): Engine {
  const { settings } = tools
  return defineEngine((router) => {
    router.get('/', (ctx) => show(ctx, tools))

    /** A form of the page: what it does to the account, and what is said afterwards. */
    const action = (
      path: string,
      work: (ctx: EngineContext, account: UserAccount) => Promise<string | undefined>,
      values: readonly string[] = [],
    ) =>
      router.post(path, allow('edit'), (ctx) =>
        orForm(ctx, {
          values: Object.fromEntries(values.map((name) => [name, text(ctx, name)])),
          show: () => show(ctx, tools),
          work: async () => {
            const account = await accountOf(ctx.djet, { nodeId: ctx.node.id })
            requireMayManage(ctx.djet, account)
            const said = await work(ctx, account)
            if (said !== undefined) ctx.flash(said)
            ctx.seeOther(ctx.below('/'))
          },
        }),
      )

    action(
      '/roles',
      async (ctx, account) => {
        const roles = words(text(ctx, 'roles'))
        await giveRoles(ctx.djet, settings, account, roles)
        ctx.flash('The roles are changed.')
        await warnOfRoles(ctx, roles)
        return undefined
      },
      ['roles'],
    )
    action('/password', async (ctx, { login }) => {
      await changePassword(ctx.djet, { login, password: typed(ctx, 'password') })
      return 'The password is changed; all sessions of this user are ended.'
    })
    action('/disable', async (ctx, { login }) => {
      await setEnabled(ctx.djet, { login, enabled: false })
      return `${login} is disabled and logged out everywhere.`
    })
    action('/enable', async (ctx, { login }) => {
      await setEnabled(ctx.djet, { login, enabled: true })
      return `${login} may log in again.`
    })
    action('/invite', async (ctx, { email }) =>
      (await sendInvitation(ctx, ctx.node.id)) ? `The invitation is sent to ${email}.` : undefined,
    )
    router.post('/tokens', allow('edit'), async (ctx) => {
      const account = await accountOf(ctx.djet, { nodeId: ctx.node.id })
      requireMayManage(ctx.djet, account)
      await revokeOne(ctx, account)
      ctx.seeOther(ctx.below('/'))
    })
    action('/unlock', async (ctx, { login }) => {
      await unlock(ctx.djet, settings, login)
      return `${login} is unlocked.`
    })
    action('/second-factor/reset', async (ctx, account) =>
      (await resetFactor(ctx.djet, account))
        ? 'The second factor is removed; all sessions of this user are ended.'
        : 'There was no second factor.',
    )
    action('/sessions', async (ctx, account) => {
      const id = Number(text(ctx, 'id'))
      const one = Number.isSafeInteger(id) && id > 0
      const ended = await endSessionsOf(ctx.djet, account, one ? id : undefined)
      return ended === 1 ? '1 session is ended.' : `${ended} sessions are ended.`
    })
  })
}

async function show(ctx: EngineContext, { settings }: Tools): Promise<void> {
  const account = await accountOf(ctx.djet, { nodeId: ctx.node.id })
  if (!ctx.payload.can('edit')) return ctx.render(undefined, { account })
  const locked = await lockedFor(ctx.djet, settings, account)
  await ctx.render(undefined, {
    account,
    factor: await factorOf(ctx.djet, account.id),
    demanded: demandsFactor(settings, account.roles),
    locked: locked === 0 ? null : inMinutes(locked),
    sessions: await sessionLines(ctx.djet, account.id, ctx.session.id),
    tokens: await tokensOf(ctx.djet, account.id),
    shortest: ctx.djet.config.passwords.shortest,
  })
}
