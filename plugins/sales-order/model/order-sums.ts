import type { Djet } from '../../../core/index.ts'
import type { OrderFilter } from './order-list.ts'

/** How many orders, and what they come to in all; amounts are decimal text. */
export interface OrderSums {
  readonly count: number
  readonly linesTotal: string
  readonly freight: string
  readonly total: string
}

/**
 * How many orders the filter finds, and their sums. They are kept as orders change, so that it takes as long for a
 * million orders as for ten, and are those of the moment, also inside a transaction that changed some.
 */
export async function orderSums(djet: Djet, { state, customer }: OrderFilter): Promise<OrderSums> {
  const table = customer === undefined ? 'sum_by_state' : 'sum_by_customer'
  const where = `($1::text is null or state = $1)${customer === undefined ? '' : ' and customer = $2'}`
  const sum = (name: string): string => `coalesce(sum(${name}), 0)::numeric(20, 2)`
  const [sums] = await djet.query<OrderSums>(
    `select coalesce(sum(orders), 0)::bigint as count, ${sum('lines_total')} as "linesTotal",
       ${sum('freight')} as freight, ${sum('total')} as total
     from (select orders, lines_total, freight, total from sales_order.${table} where ${where}
       union all select orders, lines_total, freight, total from sales_order.sum_delta where ${where}) as parts`,
    customer === undefined ? [state ?? null] : [state ?? null, customer],
  )
  return sums!
}

/** Notes that are added to the sums in one transaction. */
const FOLDED = 20_000

/** Adds what statements noted to the sums, so that there is never much to be read. */
export async function foldSums(djet: Djet): Promise<void> {
  for (let folded = FOLDED; folded === FOLDED && !djet.signal.aborted; ) {
    const [row] = await djet.query<{ n: number }>('select sales_order.fold_sums($1) as n', [FOLDED])
    folded = row?.n ?? 0
  }
}
