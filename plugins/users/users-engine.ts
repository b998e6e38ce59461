import { allow, DjetError, defineEngine, type EngineContext, wantsJson } from '../../core/index.ts'
import { accountOf, addUser, changePassword, changeRoles } from './model.ts'

/** The list of users, and the form that makes one. */
export const usersEngine = defineEngine((router) => {
  router.post('/', allow('edit'), async (ctx) => {
    const { login, name, email, password, roles } = texts(ctx)
    const values = { login, name, email, roles }
    await orForm(ctx, values, async () => {
      const node = await addUser(ctx.djet, {
        login,
        password,
        roles: words(roles),
        ...(name === '' ? {} : { name }),
        ...(email === '' ? {} : { email }),
      })
      ctx.flash(`User ${node.name} is made.`)
      ctx.seeOther(ctx.below('/'))
    })
  })
})

/** One user: his roles and a new password. */
export const userEngine = defineEngine((router) => {
  router.get('/', (ctx) => show(ctx))

  router.post('/roles', allow('edit'), async (ctx) => {
    const { roles } = texts(ctx)
    const { login } = await accountOf(ctx.djet, { nodeId: ctx.node.id })
    await orForm(ctx, { roles }, async () => {
      await changeRoles(ctx.djet, { login, roles: words(roles) })
      ctx.flash('The roles are changed.')
      ctx.seeOther(ctx.below('/'))
    })
  })

  router.post('/password', allow('edit'), async (ctx) => {
    const { login } = await accountOf(ctx.djet, { nodeId: ctx.node.id })
    await orForm(ctx, {}, async () => {
      await changePassword(ctx.djet, { login, password: texts(ctx).password })
      ctx.flash('The password is changed; all sessions of this user are ended.')
      ctx.seeOther(ctx.below('/'))
    })
  })
})

async function show(ctx: EngineContext): Promise<void> {
  const user = ctx.node.basetype === 'user'
  await ctx.render(undefined, user ? { account: await accountOf(ctx.djet, { nodeId: ctx.node.id }) } : {})
}

/** Does it, or shows the page again with the form filled in and the message at its field. */
async function orForm(
  ctx: EngineContext,
  values: Record<string, string>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof DjetError) || !error.fields || wantsJson(ctx)) throw error
    ctx.status = error.status
    ctx.payload.form = { values, errors: error.fields }
    await show(ctx)
  }
}

function texts({ form }: EngineContext) {
  const text = (key: string) => (typeof form[key] === 'string' ? (form[key] as string).trim() : '')
  const password = typeof form.password === 'string' ? form.password : ''
  return { login: text('login'), name: text('name'), email: text('email'), roles: text('roles'), password }
}

function words(list: string): string[] {
  return list.split(/[\s,]+/).filter(Boolean)
}
