import { type Djet, DjetError } from '../../../core/index.ts'
import { type Order, type OrderState, order, orderStates } from '../basetypes.ts'

/** Which order, by the id of its node. */
export interface OrderRef {
  orderId: number
}

/** What an order may become, from each state. */
const steps: Readonly<Record<OrderState, readonly OrderState[]>> = {
  open: ['confirmed', 'shipped', 'cancelled'],
  confirmed: ['shipped', 'cancelled'],
  shipped: [],
  cancelled: [],
}

/** Whether an order in this state can become that. */
export function canBecome(from: OrderState, to: OrderState): boolean {
  return steps[from].includes(to)
}

/**
 * Confirms an open order.
 *
 * @throws {DjetError} ORDER_STATE (409), NODE_NOT_FOUND (404), ACCESS_DENIED
 */
export function confirm(djet: Djet, { orderId }: OrderRef): Promise<Order> {
  return changeState(djet, orderId, 'confirmed')
}

/**
 * Marks an open or confirmed order as shipped.
 *
 * @param params.date day it left, `YYYY-MM-DD`; today by the clocks of the site when absent
 * @throws {DjetError} ORDER_STATE, ORDER_SHIPPED_TOO_EARLY (409), NODE_NOT_FOUND (404), ACCESS_DENIED
 */
export function ship(
  djet: Djet,
  { orderId, date }: OrderRef & { date?: string | undefined },
): Promise<Order> {
  return changeState(djet, orderId, 'shipped', async (djet, order) => {
    const shipped = date ?? djet.app.zone.day(Date.now())
    if (shipped >= order.data.placed) return { shipped }
    throw new DjetError(
      'ORDER_SHIPPED_TOO_EARLY',
      `order ${order.data.number} was placed on ${order.data.placed} and cannot be shipped on ${shipped}`,
      { status: 409 },
    )
  })
}

/**
 * Cancels an order that is not shipped and has no invoice.
 *
 * @throws {DjetError} ORDER_STATE, ORDER_INVOICED (409), NODE_NOT_FOUND (404), ACCESS_DENIED
 */
export function cancel(djet: Djet, { orderId }: OrderRef): Promise<Order> {
  return changeState(djet, orderId, 'cancelled', async (djet, { data }) => {
    const [invoice] = await djet.query<{ number: number }>(
      'select number from sales_order.invoice where node_id = $1',
      [orderId],
    )
    if (invoice === undefined) return {}
    throw new DjetError(
      'ORDER_INVOICED',
      `order ${data.number} has invoice ${invoice.number} and cannot be cancelled any more`,
      { status: 409 },
    )
  })
}

/**
 * An order whose row is locked until the transaction ends, as it now stands.
 *
 * @throws {DjetError} NODE_NOT_FOUND (404), ACCESS_DENIED (401, 403)
 */
export async function lockOrder(djet: Djet, orderId: number): Promise<Order> {
  const found = await djet.nodes.require(orderId, order)
  await djet.require('edit', found)
  await djet.query('select from djet.node where id = $1 for update', [orderId])
  return djet.nodes.require(orderId, order)
}

async function changeState(
  djet: Djet,
  orderId: number,
  state: OrderState,
  more: (djet: Djet, order: Order) => Promise<Readonly<Record<string, unknown>>> = async () => ({}),
): Promise<Order> {
  return djet.transaction(async (djet) => {
    const locked = await lockOrder(djet, orderId)
    const { number, state: from } = locked.data
    if (from === state) throw stateError(number, `is ${orderStates[state].toLowerCase()} already`)
    if (!canBecome(from, state)) {
      throw stateError(number, `is ${orderStates[from].toLowerCase()} and cannot become ${state} any more`)
    }
    await djet.nodes.update(orderId, { data: { state, ...(await more(djet, locked)) } })
    return djet.nodes.require(orderId, order)
  })
}

function stateError(number: number, what: string): DjetError {
  return new DjetError('ORDER_STATE', `order ${number} ${what}`, { status: 409 })
}
