import { allow, type DjetError, defineEngine, type EngineContext, sendFile } from '../../../core/index.ts'
import { send } from '../../jobmachine/index.ts'
import { type Order, orderStates } from '../basetypes.ts'
import * as jobs from '../jobs.ts'
import * as model from '../model/index.ts'
import { customerOf } from '../model/invoice.ts'
import { percent } from '../model/order-lines.ts'
import { isConflict } from './conflict.ts'

/** `/orders/10248`: the order with its lines, and what can be done with it. */
export const orderEngine = defineEngine((router) => {
  router.get('/', async (ctx) => {
    const order = ctx.node as Order
    const { state } = order.data
    const customer = await customerOf(ctx.djet, order)
    const invoice = await model.invoiceOf(ctx.djet, order.id)
    const lines = await model.orderLines(ctx.djet, order.id)
    await ctx.render(undefined, {
      lines: lines.map((line) => ({ ...line, percent: percent(line.discount) })),
      customer: customer && { title: customer.title, path: customer.path },
      invoice,
      stateTitle: orderStates[state],
      actions: {
        confirm: model.canBecome(state, 'confirmed'),
        ship: model.canBecome(state, 'shipped'),
        cancel: model.canBecome(state, 'cancelled') && invoice === null,
      },
    })
  })

  router.post('/confirm', allow('edit'), (ctx) => act(ctx, model.confirm, 'confirmed'))
  router.post('/ship', allow('edit'), (ctx) => act(ctx, model.ship, 'shipped'))
  router.post('/cancel', allow('edit'), (ctx) => act(ctx, model.cancel, 'cancelled'))

  router.post('/invoice', allow('edit'), async (ctx) => {
    await orTell(ctx, async () => {
      const invoice = await model.invoice(ctx.djet, { orderId: ctx.node.id })
      const { id } = await model.invoiceFile(ctx.djet, invoice)
      await sendFile(ctx, id)
    })
  })
  router.post('/invoice-task', allow('edit'), async (ctx) => {
    const task = await send(ctx.djet, jobs.invoice, {
      orderId: ctx.node.id,
      orderNumber: (ctx.node as Order).data.number,
    })
    ctx.seeOther(task.url)
  })
})

async function act(
  ctx: EngineContext,
  action: (djet: EngineContext['djet'], order: model.OrderRef) => Promise<Order>,
  done: string,
): Promise<void> {
  await orTell(ctx, async () => {
    const order = await action(ctx.djet, { orderId: ctx.node.id })
    ctx.flash(`Order ${order.data.number} is ${done}.`)
    ctx.seeOther(ctx.below('/'))
  })
}

/** What the order's state does not allow is told on its page to people, and answered 409 to programs. */
async function orTell(ctx: EngineContext, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isConflict(ctx, error)) throw error
    ctx.flash(sentence(error), 'problem')
    ctx.seeOther(ctx.below('/'))
  }
}

function sentence({ message }: DjetError): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`
}
