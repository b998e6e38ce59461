import {
  DjetError,
  type EngineContext,
  type EngineRouter,
  type Redirect,
  toCursor,
} from '../../../core/index.ts'
import { idOf, orFlash, orForm, text } from './form.ts'

/** Old addresses and where they lead. Core asks for `edit` where an address is. */
export function redirectRoutes(router: EngineRouter): void {
  router.get('/redirects', (ctx) => show(ctx))

  router.post('/redirects', async (ctx) => {
    const asked = askedOf(ctx)
    await orForm(ctx, {
      values: { ...asked, subtree: asked.subtree ? 'on' : '' },
      show: () => show(ctx),
      work: async () => {
        const redirect = await ctx.djet.nodes.addRedirect(asked)
        ctx.flash(`${redirect.from} leads to ${redirect.to}.`)
        ctx.seeOther(ctx.below('/redirects'))
      },
    })
  })

  router.get('/redirects/:id', async (ctx) => {
    await ctx.render('admin/redirect.eta', { redirect: await redirectOf(ctx) })
  })
  router.post('/redirects/:id', async (ctx) => {
    const redirect = await redirectOf(ctx)
    const asked = askedOf(ctx)
    await orForm(ctx, {
      values: { ...asked, subtree: asked.subtree ? 'on' : '' },
      show: () => ctx.render('admin/redirect.eta', { redirect }),
      work: async () => {
        const changed = await ctx.djet.transaction(async (djet) => {
          await djet.nodes.removeRedirect(redirect.id)
          return djet.nodes.addRedirect(asked)
        })
        ctx.flash(`${changed.from} leads to ${changed.to}.`)
        ctx.seeOther(ctx.below('/redirects'))
      },
    })
  })

  router.post('/redirects/:id/remove', async (ctx) => {
    const back = ctx.below('/redirects')
    await orFlash(ctx, back, async () => {
      await ctx.djet.nodes.removeRedirect(idOf(ctx.params.id) ?? 0)
      ctx.flash('The redirect is removed.')
      return back
    })
  })
}

function askedOf(ctx: EngineContext): { from: string; to: string; subtree: boolean } {
  return { from: text(ctx, 'from'), to: text(ctx, 'to'), subtree: ctx.form.subtree !== undefined }
}

async function show(ctx: EngineContext): Promise<void> {
  const { below = '', after } = ctx.payload.query
  const place = below.trim()
  const values = { below: place, redirects: null, needsPlace: false }
  try {
    const redirects = await ctx.djet.nodes.listRedirects({
      after: after || undefined,
      ...(place === '' ? {} : { below: place }),
    })
    await ctx.render('admin/redirects.eta', { ...values, redirects })
  } catch (error) {
    if (!(error instanceof DjetError) || error.code !== 'ACCESS_DENIED') throw error
    // Who may edit a part of the site only looks after the addresses of that part.
    await ctx.render('admin/redirects.eta', { ...values, needsPlace: true })
  }
}

/** @throws {DjetError} REDIRECT_NOT_FOUND, 404; ACCESS_DENIED */
async function redirectOf(ctx: EngineContext): Promise<Redirect> {
  const id = idOf(ctx.params.id)
  const [row] = await ctx.djet.query<{ from: string }>(
    'select from_path as "from" from djet.redirect where id = $1',
    [id ?? 0],
  )
  if (row) {
    // The place before it in the order of the list, so that the list begins with it.
    const after = toCursor([row.from.slice(0, -1)])
    const { items } = await ctx.djet.nodes.listRedirects({ below: row.from, after, limit: 1 })
    const [redirect] = items
    if (redirect?.id === id) return redirect
  }
  throw new DjetError('REDIRECT_NOT_FOUND', 'this redirect is gone already.', { status: 404 })
}
