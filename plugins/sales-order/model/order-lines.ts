import type { Djet } from '../../../core/index.ts'

/** One line of an order; amounts are decimal text. */
export interface OrderLine {
  /** Number of the product. */
  readonly product: number
  /** Null when the product is no longer in the catalogue. */
  readonly title: string | null
  readonly path: string | null
  readonly unit: string | null
  readonly unitPrice: string
  readonly quantity: number
  /** A fraction: `0.1500` is 15 %. */
  readonly discount: string
  readonly amount: string
}

/** The lines of an order, by product number. Reading the order is the caller's right to have checked. */
export function orderLines(djet: Djet, orderId: number): Promise<OrderLine[]> {
  return djet.query<OrderLine>({ name: 'sales-order.lines', text: LINES }, [orderId])
}

const LINES = `
  select l.product, p.title, p.path, p.data ->> 'unit' as unit, l.unit_price as "unitPrice", l.quantity, l.discount,
    l.amount
  from sales_order.line l
  left join djet.node p on p.basetype = 'product' and p.data ->> 'number' = l.product::text
  where l.node_id = $1 order by l.product`

/** A discount in per cent: `0.1500` -> `15`, `0.1250` -> `12.5`. */
export function percent(discount: string): string {
  const [whole = '0', fraction = ''] = discount.split('.')
  const digits = `${whole}${fraction.padEnd(4, '0')}`
  const [per, cent] = [digits.slice(0, -2), digits.slice(-2)]
  return `${Number(per)}.${cent}`.replace(/\.?0+$/, '') || '0'
}
