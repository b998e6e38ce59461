import type { EngineContext } from '../../../core/index.ts'
import * as model from '../model/index.ts'

/** A page of orders as templates and JSON get it. */
export interface OrderPage {
  readonly orders: readonly model.OrderRow[]
  /** URL of the next page, or null on the last one. */
  readonly next: string | null
  /** URL of the first page, or null on it. */
  readonly first: string | null
  readonly sums: model.OrderSums
}

/**
 * The orders a filter finds, the page that `?before=` and `?limit=` of the request ask for. `?after=` is left to the
 * list of the node's children, so that both lists can be followed.
 *
 * @param limit orders of a page when the request names no number
 * @throws {DjetError} ORDER_CURSOR, ORDER_LIMIT (400)
 */
export async function orderPage(
  ctx: EngineContext,
  filter: model.OrderFilter,
  limit: number,
): Promise<OrderPage> {
  const { before, ...query } = ctx.payload.query
  const options = { limit: query.limit === undefined ? limit : model.readLimit(query.limit), before }
  const { items, next } = await model.orderList(ctx.djet, filter, options)
  const url = (query: Readonly<Record<string, string>>): string =>
    `${ctx.below('/')}?${new URLSearchParams(query)}`
  return {
    orders: items,
    next: next === null ? null : url({ ...query, before: next }),
    first: before ? url(query) : null,
    sums: await model.orderSums(ctx.djet, filter),
  }
}
