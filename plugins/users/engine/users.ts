import {
  allow,
  DjetError,
  defineEngine,
  type EngineContext,
  encodePath,
  siteUrl,
  upload,
} from '../../../core/index.ts'
import { listUsers } from '../model/list.ts'
import { requireReachable, tryInvite } from '../model/manage.ts'
import { roleWarnings } from '../model/role-warnings.ts'
import { addUser } from '../model/user.ts'
import { orForm, text, typed } from './form.ts'

/** The list of users, and the form that makes one. */
export const usersEngine = defineEngine((router) => {
  router.get('/', (ctx) => show(ctx))

  router.get('/-/new/user', allow('edit'), (ctx) => wantsOwnForm(ctx))
  router.post('/-/new/user', allow('edit'), upload(), (ctx) => wantsOwnForm(ctx))

  router.post('/', allow('edit'), (ctx) => {
    const [login, name, email, roles] = [
      text(ctx, 'login'),
      text(ctx, 'name'),
      text(ctx, 'email'),
      text(ctx, 'roles'),
    ]
    return orForm(ctx, {
      values: { login, name, email, roles },
      show: () => show(ctx),
      work: async () => {
        const password = typed(ctx, 'password')
        const given = {
          ...(password === '' ? {} : { password }),
          ...(name === '' ? {} : { name }),
          ...(email === '' ? {} : { email }),
        }
        requireReachable(given)
        const node = await addUser(ctx.djet, { login, roles: words(roles), ...given })
        if (password !== '') {
          ctx.flash(`User ${node.name} is made.`)
          await warnOfRoles(ctx, words(roles))
          ctx.seeOther(ctx.below('/'))
          return
        }
        // On the page of the user the invitation can be sent again.
        ctx.seeOther(encodePath(node.path))
        if (await sendInvitation(ctx, node.id)) ctx.flash(`User ${node.name} is made, and invited by mail.`)
        await warnOfRoles(ctx, words(roles))
      },
    })
  })
})

/** A user is more than a page: the generic form would make one without an account. */
function wantsOwnForm(ctx: EngineContext): void {
  if (ctx.method === 'GET') {
    ctx.seeOther(ctx.below('/'))
    return
  }
  const message = `a user is made by the form at ${ctx.below('/')}.`
  throw new DjetError('USER_FORM', message, { status: 422 })
}

/** Sends an invitation. False: it was not sent, which the next page says. */
export async function sendInvitation(ctx: EngineContext, nodeId: number): Promise<boolean> {
  const problem = await tryInvite(ctx.djet, { nodeId, base: siteUrl(ctx) })
  if (problem === null) return true
  ctx.flash(`There is the user, but ${problem} Send the invitation again later.`, 'problem')
  return false
}

/** Says on the next page which of these roles nothing speaks of. */
export async function warnOfRoles(ctx: EngineContext, roles: readonly string[]): Promise<void> {
  const warnings = await roleWarnings(ctx.djet, roles)
  if (warnings.length > 0) ctx.flash(warnings.join(' '), 'notice')
}

async function show(ctx: EngineContext): Promise<void> {
  const search = ctx.payload.query.q ?? ''
  const { after, limit } = ctx.payload.query
  const users = await listUsers(ctx.djet, {
    search,
    after,
    ...(limit === undefined ? {} : { limit: Number(limit) }),
  })
  await ctx.render(undefined, { users, search, shortest: ctx.djet.config.passwords.shortest })
}

/** `staff, editor` -> `['staff', 'editor']`. */
export function words(list: string): string[] {
  return list.split(/[\s,]+/).filter(Boolean)
}
