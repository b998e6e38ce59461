import { type EngineContext, type EngineRouter, SCOPES, tokensOf } from '../../../core/index.ts'
import { makeApiToken, revokeApiTokens, USUAL_DAYS } from '../model/api-token.ts'
import type { Changed } from '../model/mails.ts'
import { confirmPassword } from '../model/own.ts'
import type { UserAccount } from '../model/user.ts'
import type { Tools } from '../tools.ts'
import { orForm, renderSecret, requireFilled, text, typed } from './form.ts'

/** What the routes of the account page share. */
interface AccountPage {
  own(ctx: EngineContext): Promise<UserAccount>
  tell(ctx: EngineContext, account: UserAccount, what: Changed): void
}

/** Tokens for one's own programs: made with the password, shown once, listed and revoked. */
export function tokenRoutes(router: EngineRouter, { settings }: Tools, { own, tell }: AccountPage): void {
  router.get('/tokens', (ctx) => show(ctx, own))

  router.post('/tokens', (ctx) => {
    const scopes = [ctx.form.scopes ?? []].flat().map(String)
    const [name, expires] = [text(ctx, 'name'), text(ctx, 'expires')]
    return orForm(ctx, {
      values: { name, expires, scopes: scopes.join(' ') },
      show: () => show(ctx, own),
      work: async () => {
        const account = await own(ctx)
        requireFilled(ctx, ['name', 'current'])
        await confirmPassword(ctx.djet, settings, typed(ctx, 'current'))
        const made = await makeApiToken(ctx.djet, account, { name, scopes, until: expires })
        tell(ctx, account, 'the tokens for programs')
        await renderSecret(ctx, 'users/token.eta', { made, onward: ctx.below('/tokens') })
      },
    })
  })

  router.post('/tokens/revoke', async (ctx) => {
    await revokeOne(ctx, await own(ctx))
    ctx.seeOther(ctx.below('/tokens'))
  })
}

/** Revokes the token that a form names. */
export async function revokeOne(ctx: EngineContext, account: UserAccount): Promise<void> {
  const id = Number(text(ctx, 'id'))
  const gone = Number.isSafeInteger(id) && id > 0 ? await revokeApiTokens(ctx.djet, account, id) : 0
  ctx.flash(gone === 0 ? 'There is no such token any more.' : 'The token is revoked.')
}

async function show(ctx: EngineContext, own: AccountPage['own']): Promise<void> {
  const account = await own(ctx)
  const { zone } = ctx.djet.app
  const usual = new Date(Date.now() + USUAL_DAYS * 86_400_000)
  await ctx.render('users/tokens.eta', {
    tokens: await tokensOf(ctx.djet, account.id),
    scopes: Object.entries(SCOPES).map(([name, help]) => ({ name, help })),
    usual: zone.day(usual),
    today: zone.day(Date.now()),
  })
}
