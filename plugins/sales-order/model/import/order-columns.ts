import { date, decimal, integer, key, text } from './cell.ts'

/** Largest unit price and freight that is taken. */
const LARGEST_PRICE = 9_999_999.99

/** The columns of a file of orders. */
export const orderColumns = {
  order_id: integer({ min: 1, required: true }),
  customer_id: key(10),
  employee_id: integer({ min: 1 }),
  order_date: date({ required: true }),
  required_date: date(),
  shipped_date: date(),
  ship_via: integer({ min: 1 }),
  freight: decimal({ decimals: 2, max: LARGEST_PRICE }),
  ship_name: text(100),
  ship_address: text(200),
  ship_city: text(100),
  ship_region: text(100),
  ship_postal_code: text(20),
  ship_country: text(100),
}

/** The columns of a file of order lines. */
export const detailColumns = {
  order_id: integer({ min: 1, required: true }),
  product_id: integer({ min: 1, required: true }),
  unit_price: decimal({ decimals: 2, max: LARGEST_PRICE, required: true }),
  quantity: integer({ min: 1, max: 1_000_000, required: true }),
  /** A fraction: 0.15 is 15 %. */
  discount: decimal({ decimals: 4, max: 1 }),
}
