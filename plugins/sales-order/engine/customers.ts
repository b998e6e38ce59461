import { defineEngine } from '../../../core/index.ts'
import type { Customer } from '../basetypes.ts'
import { orderPage } from './order-page.ts'

/** `/customers`: all of them, by page. */
export const customersEngine = defineEngine((router) => {
  router.get('/', async (ctx) => ctx.render(undefined, { page: await ctx.payload.children }))
})

/** `/customers/ALFKI`: address and orders. */
export const customerEngine = defineEngine((router) => {
  router.get('/', async (ctx) => {
    const filter = { customer: (ctx.node as Customer).data.number }
    await ctx.render(undefined, { ...(await orderPage(ctx, filter, 25)) })
  })
})
