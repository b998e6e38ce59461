import {
  authenticate,
  DjetError,
  defineEngine,
  type EngineContext,
  isLocalPath,
  wantsJson,
} from '../../core/index.ts'

/** The login form; after it one comes back to where one wanted to go. */
export const loginEngine = defineEngine((router) => {
  router.get('/', (ctx) => ctx.render(undefined, { returnTo: returnTo(ctx.query.return) }))

  router.post('/', async (ctx) => {
    const login = text(ctx.form.login)
    const back = returnTo(ctx.form.return)
    const errors: Record<string, string> = {}
    if (!login.trim()) errors.login = 'must be filled in'
    if (!text(ctx.form.password)) errors.password = 'must be filled in'
    if (Object.keys(errors).length > 0) return refuse(ctx, 422, errors, back)
    const account = await authenticate(ctx.djet, login, text(ctx.form.password))
    if (account === null) {
      ctx.djet.log.warn({ login, ip: ctx.ip }, 'login refused')
      return refuse(ctx, 401, { password: 'does not fit this login' }, back)
    }
    await ctx.session.logIn(account)
    ctx.flash(`Welcome, ${account.name}.`)
    ctx.seeOther(back)
  })
})

/** The logout button is a form in the layout; who opens the page by hand is asked. */
export const logoutEngine = defineEngine((router) => {
  router.get('/', (ctx) => ctx.render())

  router.post('/', async (ctx) => {
    await ctx.session.logOut()
    ctx.flash('You are logged out.')
    ctx.seeOther('/')
  })
})

async function refuse(
  ctx: EngineContext,
  status: number,
  errors: Record<string, string>,
  back: string,
): Promise<void> {
  if (wantsJson(ctx)) {
    throw new DjetError('LOGIN_REFUSED', 'login and password do not fit.', { status, fields: errors })
  }
  ctx.status = status
  const form = { values: { login: text(ctx.form.login) }, errors }
  await ctx.render(undefined, { form, returnTo: back })
}

function returnTo(value: unknown): string {
  return isLocalPath(value) ? value : '/'
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
