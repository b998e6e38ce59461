import type { EngineContext, EngineRouter } from '../../../core/index.ts'
import { countAttempt, forgetAttempts } from '../model/attempts.ts'
import { confirmFactor, enrol, takeCode, wrong } from '../model/second-factor.ts'
import { findToken, spendToken, type TokenOwner } from '../model/token.ts'
import type { Tools } from '../tools.ts'
import { orForm, renderSecret, requireFilled, setTicket, text } from './form.ts'
import { LOGIN_TICKET, logInAs, returnTo, welcome } from './login.ts'

/** After the password: the code of a phone, or the setting up of a phone where the site demands one. */
export function secondStep(router: EngineRouter, { settings }: Tools): void {
  router.get('/code', async (ctx) => {
    if (await halfWay(ctx)) await ctx.render('users/code.eta')
  })

  router.post('/code', async (ctx) => {
    const owner = await halfWay(ctx)
    if (owner === null) return
    const { user } = owner
    await orForm(ctx, {
      show: () => ctx.render('users/code.eta'),
      work: async () => {
        requireFilled(ctx, ['code'])
        await countAttempt(ctx.djet, settings, 'code', String(user.id))
        const factor = await takeCode(ctx.djet, user.id, text(ctx, 'code'))
        if (factor === null) {
          const data = { address: ctx.ip }
          await ctx.djet.audit({ action: 'users.code-refused', subject: user.login, data })
          throw wrong()
        }
        await forgetAttempts(ctx.djet, settings, 'code', String(user.id))
        if (await spend(ctx)) await welcome(ctx, user, returnTo(owner.data.return), { factor })
      },
    })
  })

  router.get('/second-factor', async (ctx) => {
    const owner = await halfWay(ctx)
    if (owner) await showEnrolment(ctx, owner)
  })

  router.post('/second-factor', async (ctx) => {
    const owner = await halfWay(ctx)
    if (owner === null) return
    const { user } = owner
    await orForm(ctx, {
      show: () => showEnrolment(ctx, owner),
      work: async () => {
        requireFilled(ctx, ['code'])
        await countAttempt(ctx.djet, settings, 'code', String(user.id))
        const codes = await confirmFactor(ctx.djet, user.id, text(ctx, 'code'))
        await forgetAttempts(ctx.djet, settings, 'code', String(user.id))
        await ctx.djet.audit({ action: 'users.second-factor-on', subject: user.login, login: user.login })
        if (!(await spend(ctx))) return
        await logInAs(ctx, user, { factor: 'app' })
        Object.assign(ctx.payload, { user: ctx.session.user })
        await renderSecret(ctx, 'users/codes.eta', { codes, onward: returnTo(owner.data.return) })
      },
    })
  })
}

async function showEnrolment(ctx: EngineContext, { user }: TokenOwner): Promise<void> {
  const enrolment = await enrol(ctx.djet, user)
  await renderSecret(ctx, 'users/enrol.eta', {
    ...enrolment,
    action: ctx.below('/second-factor'),
    demanded: true,
  })
}

/** Who has shown his password in this browser; null: nobody, and the visitor is sent back to the form. */
async function halfWay(ctx: EngineContext): Promise<TokenOwner | null> {
  const token = ctx.cookies.get(LOGIN_TICKET)
  const owner = token ? await findToken(ctx.djet, token, ['login']) : null
  if (owner === null) startAgain(ctx)
  return owner
}

async function spend(ctx: EngineContext): Promise<boolean> {
  const spent = await spendToken(ctx.djet, ctx.cookies.get(LOGIN_TICKET) ?? '', ['login'])
  setTicket(ctx, LOGIN_TICKET, null)
  if (spent === null) startAgain(ctx)
  return spent !== null
}

function startAgain(ctx: EngineContext): void {
  ctx.flash('This login took too long. Begin again.', 'notice')
  ctx.seeOther(ctx.below('/'))
}
