import { allow, DjetError, defineEngine, sendFile } from '../../../core/index.ts'
import { sendBatch } from '../../jobmachine/index.ts'
import { orderStates } from '../basetypes.ts'
import * as jobs from '../jobs.ts'
import * as model from '../model/index.ts'
import { orderPage } from './order-page.ts'

/** `/orders`: the list with filter and sums, exports, invoices for all that are open. */
export const ordersEngine = defineEngine((router) => {
  router.get('/', async (ctx) => {
    const filter = model.readFilter(ctx.payload.query)
    const page = await orderPage(ctx, filter, 50)
    const importPage = await model.importPage(ctx.djet)
    await ctx.render(undefined, {
      filter,
      states: orderStates,
      importUrl: importPage === null ? null : ctx.payload.urlOf(importPage),
      ...page,
    })
  })

  router.get('/export', async (ctx) => {
    const { format = 'xlsx' } = ctx.payload.query
    if (format !== 'xlsx' && format !== 'csv') {
      throw new DjetError('EXPORT_FORMAT', "format must be 'xlsx' or 'csv'.", { status: 400 })
    }
    const file = await model.exportOrders(ctx.djet, { ...model.readFilter(ctx.payload.query), format })
    await sendFile(ctx, file.id)
  })

  // An order has lines, which the generic form knows nothing of.
  router.all('/-/new/order', () => {
    const message = 'orders are not made by a form: import them with their lines.'
    throw new DjetError('ORDER_BY_IMPORT', message, { status: 404 })
  })

  router.post('/invoice-open', allow('edit'), async (ctx) => {
    const open = await model.openWithoutInvoice(ctx.djet)
    if (open.length === 0) {
      ctx.flash('All open orders have their invoice already.', 'notice')
      ctx.seeOther(ctx.below('/'))
      return
    }
    const parent = await sendBatch(ctx.djet, {
      title: open.length === 1 ? 'Invoice for 1 open order' : `Invoices for ${open.length} open orders`,
      job: jobs.invoice,
      params: open,
    })
    ctx.seeOther(parent.url)
  })
})
