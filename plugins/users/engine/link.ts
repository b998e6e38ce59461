import { once } from 'node:events'
import { type EngineContext, type EngineRouter, siteUrl } from '../../../core/index.ts'
import { countAddress, countAttempt, forgetAttempts, TooManyAttempts } from '../model/attempts.ts'
import { mailPasswordLink } from '../model/mails.ts'
import { findToken, MINUTES, makeToken, type Purpose, spendToken } from '../model/token.ts'
import { accountsFor, changePassword } from '../model/user.ts'
import type { Tools } from '../tools.ts'
import { orForm, requireFilled, setTicket, text, typed } from './form.ts'

/** Cookie that holds the token of a mailed link, so that it stands in no address longer than needed. */
const LINK_TICKET = 'djet_link'
const MAILED: readonly Purpose[] = ['password', 'invitation']

/** A new password by mail, and the first one of somebody who was invited. */
export function linkRoutes(router: EngineRouter, tools: Tools): void {
  const { settings } = tools
  router.get('/forgot', (ctx) => ctx.render('users/forgot.eta'))

  router.post('/forgot', (ctx) =>
    orForm(ctx, {
      values: { login: text(ctx, 'login') },
      show: () => ctx.render('users/forgot.eta'),
      work: async () => {
        requireFilled(ctx, ['login'])
        await countAddress(ctx.djet, settings, ctx.ip)
        sendLinks(ctx, tools, text(ctx, 'login'))
        await ctx.render('users/forgot.eta', { sent: true, minutes: MINUTES.password })
      },
    }),
  )

  router.get('/link/:token', async (ctx) => {
    ctx.state.loggedUrl = ctx.below('/link/…')
    const token = ctx.params.token ?? ''
    if ((await findToken(ctx.djet, token, MAILED)) === null) return gone(ctx)
    setTicket(ctx, LINK_TICKET, token, MINUTES.password)
    ctx.seeOther(ctx.below('/link'))
  })

  router.get('/link', (ctx) => showLink(ctx))

  router.post('/link', (ctx) =>
    orForm(ctx, {
      show: () => showLink(ctx),
      work: async () => {
        requireFilled(ctx, ['password'])
        const owner = await ctx.djet.transaction(async (djet) => {
          const owner = await spendToken(djet, ctx.cookies.get(LINK_TICKET) ?? '', MAILED)
          if (owner === null) return null
          const { user, purpose } = owner
          await changePassword(djet, { login: user.login, password: typed(ctx, 'password') })
          await djet.audit({ action: `users.${purpose}-link-used`, subject: user.login, login: user.login })
          return owner
        })
        if (owner === null) return gone(ctx)
        setTicket(ctx, LINK_TICKET, null)
        await forgetAttempts(ctx.djet, settings, 'account', owner.user.login)
        await forgetAttempts(ctx.djet, settings, 'mail', owner.user.login)
        await ctx.session.logOut()
        ctx.flash('The password is set. Log in with it.')
        ctx.seeOther(ctx.below('/'))
      },
    }),
  )
}

/** Mails a link to each account that was meant, after the answer: it says and takes the same when there is none. */
function sendLinks(ctx: EngineContext, { settings, later }: Tools, who: string): void {
  const djet = ctx.djet.asSystem()
  const link = `${siteUrl(ctx)}${ctx.below('/link')}`
  const { ip, res } = ctx
  later.begin(djet.log, 'a mail with a link for a new password', async () => {
    // Beside the making of the answer the work could be measured in its time.
    if (!res.closed) await once(res, 'close')
    for (const { id, login, name, email } of await accountsFor(djet, who)) {
      if (email === null) {
        djet.log.warn({ login }, 'no link for a new password: this user has no e-mail address')
        continue
      }
      try {
        await countAttempt(djet, settings, 'mail', login)
      } catch (error) {
        if (!(error instanceof TooManyAttempts)) throw error
        djet.log.warn({ login, ip }, 'no link for a new password: this user got several already')
        continue
      }
      const token = await makeToken(djet, { accountId: id, purpose: 'password', data: { email } })
      await djet.audit({ action: 'users.password-link', subject: login, data: { address: ip } })
      await mailPasswordLink(djet, { login, name, email }, `${link}/${token}`)
    }
  })
}

async function showLink(ctx: EngineContext): Promise<void> {
  const token = ctx.cookies.get(LINK_TICKET)
  const owner = token ? await findToken(ctx.djet, token, MAILED) : null
  if (owner === null) return gone(ctx)
  const { user, purpose } = owner
  await ctx.render('users/link.eta', {
    owner: { login: user.login, name: user.name },
    invited: purpose === 'invitation',
    shortest: ctx.djet.config.passwords.shortest,
  })
  ctx.set('Cache-Control', 'no-store')
}

async function gone(ctx: EngineContext): Promise<void> {
  ctx.status = 410
  await ctx.render('users/link.eta', { owner: null })
}
