import {
  authenticate,
  DjetError,
  defineEngine,
  type Engine,
  type EngineContext,
  type EngineRouter,
  findAccount,
  isLocalPath,
  keepLanguage,
  type User,
  wantsJson,
} from '../../../core/index.ts'
import { countAddress, countAttempt, forgetAttempts, rewardAddress } from '../model/attempts.ts'
import { languageOf } from '../model/language.ts'
import { factorOf } from '../model/second-factor.ts'
import { MINUTES, makeToken } from '../model/token.ts'
import { demandsFactor } from '../options.ts'
import type { Tools } from '../tools.ts'
import { orForm, requireFilled, setTicket, text, typed } from './form.ts'
import { linkRoutes } from './link.ts'
import { secondStep } from './second-step.ts'

/** Cookie of a login that waits for its second factor. */
export const LOGIN_TICKET = 'djet_login'

/** The login form, the second step, the way to a new password; after a login one goes on to where one wanted to go. */
export function loginEngine(tools: Tools): Engine {
  return defineEngine((router) => {
    passwordStep(router, tools)
    secondStep(router, tools)
    linkRoutes(router, tools)
  })
}

function passwordStep(router: EngineRouter, tools: Tools): void {
  router.get('/', (ctx) => ctx.render(undefined, { returnTo: returnTo(ctx.query.return) }))

  router.post('/', (ctx) => {
    const back = returnTo(ctx.form.return)
    return orForm(ctx, {
      values: { login: text(ctx, 'login') },
      show: () => ctx.render(undefined, { returnTo: back }),
      work: () => logIn(ctx, tools, back),
    })
  })
}

async function logIn(ctx: EngineContext, { settings }: Tools, back: string): Promise<void> {
  requireFilled(ctx, ['login', 'password'])
  const { djet } = ctx
  const login = text(ctx, 'login')
  await countAddress(djet, settings, ctx.ip)
  await countAttempt(djet, settings, 'account', login)
  const account = await authenticate(djet, login, typed(ctx, 'password'))
  if (account === null) {
    // What nobody is called may be a password that was typed into the wrong field.
    const subject = (await findAccount(djet, login))?.login ?? 'unknown login'
    djet.log.warn({ login: subject, ip: ctx.ip }, 'login refused')
    await djet.audit({ action: 'users.login-refused', subject, data: { address: ctx.ip } })
    throw new DjetError('LOGIN_REFUSED', 'login and password do not fit.', {
      status: 401,
      fields: { password: 'does not fit this login' },
    })
  }
  await forgetAttempts(djet, settings, 'account', login)
  await rewardAddress(djet, settings, ctx.ip)
  const factor = await factorOf(djet, account.id)
  if (factor === null && !demandsFactor(settings, account.roles)) return welcome(ctx, account, back)
  const token = await makeToken(djet, { accountId: account.id, purpose: 'login', data: { return: back } })
  setTicket(ctx, LOGIN_TICKET, token, MINUTES.login)
  const next = factor === null ? '/second-factor' : '/code'
  if (wantsJson(ctx)) {
    throw new DjetError('SECOND_FACTOR_NEEDED', `a second factor is needed: go on at ${ctx.below(next)}.`, {
      status: 401,
    })
  }
  ctx.seeOther(ctx.below(next))
}

/**
 * Begins the session of somebody who has shown all there is to show, in his language.
 * @returns that language; null when he has chosen none
 */
export async function logInAs(
  ctx: EngineContext,
  user: User,
  data: Record<string, unknown> = {},
): Promise<string | null> {
  const { id, login, name, roles } = user
  await ctx.session.logIn({ id, login, name, roles })
  await ctx.djet.audit({ action: 'users.login', subject: login, login, data: { address: ctx.ip, ...data } })
  const language = await languageOf(ctx.djet, login)
  if (language !== null) keepLanguage(ctx, language)
  return language
}

/** Begins the session and goes on to where the visitor wanted to go. */
export async function welcome(
  ctx: EngineContext,
  user: User,
  back: string,
  data: Record<string, unknown> = {},
): Promise<void> {
  const language = await logInAs(ctx, user, data)
  const { t } = ctx.djet.app.languages.texts(language ?? ctx.djet.texts.language)
  ctx.flash(t('Welcome, {{name}}.', { name: user.name }))
  ctx.seeOther(back)
}

/** The logout button is a form in the layout; who opens the page by hand is asked. */
export const logoutEngine = defineEngine((router) => {
  router.get('/', (ctx) => ctx.render())

  router.post('/', async (ctx) => {
    const { user } = ctx.djet
    await ctx.session.logOut()
    if (user) await ctx.djet.audit({ action: 'users.logout', subject: user.login })
    ctx.flash('You are logged out.')
    ctx.seeOther('/')
  })
})

export function returnTo(value: unknown): string {
  return isLocalPath(value) ? value : '/'
}
