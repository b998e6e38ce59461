import {
  DjetError,
  defineEngine,
  type Engine,
  type EngineContext,
  endSessions,
  keepLanguage,
  tokensOf,
  z,
} from '../../../core/index.ts'
import { countAttempt, forgetAttempts } from '../model/attempts.ts'
import { requireLanguage, setLanguage } from '../model/language.ts'
import { type Changed, mailNotice } from '../model/mails.ts'
import { confirmPassword } from '../model/own.ts'
import {
  confirmFactor,
  enrol,
  factorOf,
  newRecoveryCodes,
  removeFactor,
  takeCode,
  wrong,
} from '../model/second-factor.ts'
import { accountOf, changePassword, nodeOfAccount, type UserAccount } from '../model/user.ts'
import { demandsFactor } from '../options.ts'
import type { Tools } from '../tools.ts'
import { fieldError, orForm, renderSecret, requireFilled, text, typed } from './form.ts'
import { sessionLines } from './sessions.ts'
import { tokenRoutes } from './tokens.ts'

/** One's own account: password, e-mail address, second factor, and where one is logged in. */
export function accountEngine(tools: Tools): Engine {
  const { settings } = tools
  return defineEngine((router) => {
    const show = (ctx: EngineContext) => showAccount(ctx, tools)

    // Passwords, second factors and tokens are a person's own: no program changes them in his name.
    router.use(async (ctx, next) => {
      if (ctx.djet.token === null) return next()
      const message = 'an account is looked after by its owner, not by a program with a token.'
      throw new DjetError('TOKEN_REFUSED', message, { status: 403 })
    })
    router.get('/', (ctx) => show(ctx))
    tokenRoutes(router, tools, { own, tell: (ctx, account, what) => tell(ctx, tools, account, what) })

    router.post('/password', (ctx) =>
      orForm(ctx, {
        show: () => show(ctx),
        work: async () => {
          const account = await own(ctx)
          requireFilled(ctx, ['current', 'password'])
          await confirmPassword(ctx.djet, settings, typed(ctx, 'current'))
          await changePassword(ctx.djet, { login: account.login, password: typed(ctx, 'password') })
          // All sessions have ended, this one too: it goes on under a new token.
          await ctx.session.logIn(ctx.djet.user!)
          tell(ctx, tools, account, 'the password')
          ctx.flash('Your password is changed. You are logged out everywhere else.')
          ctx.seeOther(ctx.below('/'))
        },
      }),
    )

    router.post('/email', (ctx) =>
      orForm(ctx, {
        values: { email: text(ctx, 'email') },
        show: () => show(ctx),
        work: async () => {
          const account = await own(ctx)
          requireFilled(ctx, ['current-for-email'])
          const email = text(ctx, 'email')
          if (email !== '' && !z.email().max(254).safeParse(email).success) {
            const problem = 'must be an e-mail address such as maria@example.com'
            throw fieldError('EMAIL_INVALID', `the e-mail address ${problem}.`, { email: problem })
          }
          await confirmPassword(ctx.djet, settings, typed(ctx, 'current-for-email'), 'current-for-email')
          await ctx.djet.asSystem().transaction(async (djet) => {
            await djet.nodes.update(account.nodeId, { data: { email: email === '' ? null : email } })
            await djet.audit({
              action: 'users.email',
              subject: account.login,
              nodeId: account.nodeId,
              data: { before: account.email, after: email },
            })
          })
          tell(ctx, tools, account, 'the e-mail address')
          ctx.flash('Your e-mail address is changed.')
          ctx.seeOther(ctx.below('/'))
        },
      }),
    )

    router.get('/second-factor', (ctx) => showSecondFactor(ctx, tools))

    router.post('/second-factor', (ctx) =>
      orForm(ctx, {
        show: () => showSecondFactor(ctx, tools),
        work: async () => {
          const account = await own(ctx)
          requireFilled(ctx, ['code', 'current'])
          await confirmPassword(ctx.djet, settings, typed(ctx, 'current'))
          const codes = await ctx.djet.transaction(async (djet) => {
            const codes = await confirmFactor(djet, account.id, text(ctx, 'code'))
            await djet.audit({ action: 'users.second-factor-on', subject: account.login })
            return codes
          })
          tell(ctx, tools, account, 'the second factor')
          await renderSecret(ctx, 'users/codes.eta', { codes, onward: ctx.below('/') })
        },
      }),
    )

    router.post('/second-factor/codes', (ctx) =>
      orForm(ctx, {
        show: () => showSecondFactor(ctx, tools),
        work: async () => {
          const account = await own(ctx)
          requireFilled(ctx, ['code'])
          await confirmCode(ctx, tools, account)
          const codes = await ctx.djet.transaction(async (djet) => {
            await djet.audit({ action: 'users.recovery-codes', subject: account.login })
            return newRecoveryCodes(djet, account.id)
          })
          await renderSecret(ctx, 'users/codes.eta', { codes, onward: ctx.below('/') })
        },
      }),
    )

    router.post('/second-factor/remove', (ctx) =>
      orForm(ctx, {
        show: () => showSecondFactor(ctx, tools),
        work: async () => {
          const account = await own(ctx)
          if (demandsFactor(settings, account.roles)) {
            const problem = 'your roles need a second factor on this site'
            throw fieldError('FACTOR_DEMANDED', `${problem}.`, { 'code-to-remove': problem })
          }
          requireFilled(ctx, ['code-to-remove'])
          await confirmCode(ctx, tools, account, 'code-to-remove')
          await ctx.djet.transaction(async (djet) => {
            await removeFactor(djet, account.id)
            await djet.audit({ action: 'users.second-factor-off', subject: account.login })
          })
          tell(ctx, tools, account, 'the second factor')
          ctx.flash('Your second factor is removed.')
          ctx.seeOther(ctx.below('/'))
        },
      }),
    )

    router.post('/language', async (ctx) => {
      const language = requireLanguage(ctx.djet, text(ctx, 'language'))
      await setLanguage(ctx.djet, (await own(ctx)).id, language)
      keepLanguage(ctx, language)
      ctx.flash(ctx.djet.app.languages.texts(language).t('Your language is changed.'))
      ctx.seeOther(ctx.below('/'))
    })

    router.post('/sessions', async (ctx) => {
      const account = await own(ctx)
      const id = Number(text(ctx, 'id'))
      const one = Number.isSafeInteger(id) && id > 0
      const ended = await ctx.djet.transaction(async (djet) => {
        const what = one ? { id } : { except: ctx.session.id }
        const ended = await endSessions(djet, { accountId: account.id, ...what })
        await djet.audit({ action: 'users.end-sessions', subject: account.login, data: { ended } })
        return ended
      })
      ctx.flash(
        ended === 0
          ? 'There was no such session.'
          : `${ended} ${ended === 1 ? 'session is' : 'sessions are'} ended.`,
      )
      ctx.seeOther(ctx.below('/'))
    })
  })
}

/** Tells the owner by mail, at the address he had, so that he notices when it was not he. */
function tell(
  ctx: EngineContext,
  { later }: Tools,
  { email, login, name }: UserAccount,
  what: Changed,
): void {
  if (email === null) return
  const djet = ctx.djet.asSystem()
  later.begin(djet.log, 'a notice by mail', () => mailNotice(djet, { email, login, name }, what))
}

/** The account of whoever is logged in; access rules let nobody else come here. */
async function own(ctx: EngineContext): Promise<UserAccount> {
  return accountOf(ctx.djet, { nodeId: await nodeOfAccount(ctx.djet, ctx.djet.user?.id ?? 0) })
}

async function confirmCode(
  ctx: EngineContext,
  { settings }: Tools,
  account: UserAccount,
  field = 'code',
): Promise<void> {
  await countAttempt(ctx.djet, settings, 'code', String(account.id))
  if ((await takeCode(ctx.djet, account.id, text(ctx, field))) === null) {
    const { message, fields } = wrong()
    throw fieldError('CODE_WRONG', message, { [field]: fields?.code ?? message })
  }
  await forgetAttempts(ctx.djet, settings, 'code', String(account.id))
}

async function showAccount(ctx: EngineContext, { settings }: Tools): Promise<void> {
  const account = await own(ctx)
  await ctx.render('users/account.eta', {
    account,
    factor: await factorOf(ctx.djet, account.id),
    demanded: demandsFactor(settings, account.roles),
    sessions: await sessionLines(ctx.djet, account.id, ctx.session.id),
    tokens: (await tokensOf(ctx.djet, account.id)).length,
    shortest: ctx.djet.config.passwords.shortest,
  })
}

async function showSecondFactor(ctx: EngineContext, { settings }: Tools): Promise<void> {
  const account = await own(ctx)
  const factor = await factorOf(ctx.djet, account.id)
  if (factor) {
    await ctx.render('users/second-factor.eta', { factor, demanded: demandsFactor(settings, account.roles) })
    return
  }
  const enrolment = await enrol(ctx.djet, account)
  const action = ctx.below('/second-factor')
  await renderSecret(ctx, 'users/enrol.eta', { ...enrolment, action, demanded: false })
}
