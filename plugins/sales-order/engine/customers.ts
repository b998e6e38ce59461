import { defineEngine } from '../../../core/index.ts'
import type { Customer } from '../basetypes.ts'
import * as model from '../model/index.ts'

/** `/customers`: all of them, by page. */
export const customersEngine = defineEngine((router) => {
  router.get('/', async (ctx) => ctx.render(undefined, { page: await ctx.payload.children }))
})

/** `/customers/ALFKI`: address and orders. */
export const customerEngine = defineEngine((router) => {
  router.get('/', async (ctx) => {
    const filter = { customer: (ctx.node as Customer).data.number }
    const page = await model.orderList(ctx.djet, filter, { limit: 25, after: ctx.payload.query.after })
    await ctx.render(undefined, {
      orders: page.items,
      next: page.next,
      sums: await model.orderSums(ctx.djet, filter),
    })
  })
})
