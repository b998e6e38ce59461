import { type Djet, DjetError, type Page } from '../../../core/index.ts'
import { type OrderState, orderStates } from '../basetypes.ts'

/** Which orders; all when empty. */
export interface OrderFilter {
  state?: OrderState | undefined
  /** Number of the customer. */
  customer?: string | undefined
}

/** An order as lists show it; amounts are decimal text. */
export interface OrderRow {
  readonly id: number
  readonly path: string
  readonly number: number
  readonly customer: string
  /** Null when there is no such customer any more. */
  readonly customerName: string | null
  readonly customerPath: string | null
  readonly state: OrderState
  readonly placed: string
  readonly required: string | null
  readonly shipped: string | null
  readonly linesTotal: string
  readonly freight: string
  readonly total: string
  readonly shipCity: string | null
  readonly shipCountry: string | null
  /** Number of its invoice, if it has one. */
  readonly invoice: number | null
}

/**
 * Reads a filter from a URL.
 *
 * @throws {DjetError} ORDER_FILTER (400) for a state that is none, or what cannot be a customer's number
 */
export function readFilter(query: Readonly<Record<string, unknown>>): OrderFilter {
  const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')
  const state = text(query.state)
  const customer = text(query.customer).toUpperCase()
  if (customer.length > LONGEST || UNPRINTABLE.test(customer)) {
    throw new DjetError('ORDER_FILTER', `'${excerpt(customer)}' cannot be the number of a customer`, {
      status: 400,
    })
  }
  if (state !== '' && !Object.hasOwn(orderStates, state)) {
    const known = Object.keys(orderStates).join(', ')
    throw new DjetError('ORDER_FILTER', `there is no state '${excerpt(state)}'. States are ${known}`, {
      status: 400,
    })
  }
  return {
    ...(state === '' ? {} : { state: state as OrderState }),
    ...(customer === '' ? {} : { customer }),
  }
}

/** Longest text taken for a customer's number; those there are have 10 characters at most. */
const LONGEST = 100

/** Control characters and halves of a pair, of which PostgreSQL stores not all. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u

/** The beginning of what was asked for, fit for a message. */
function excerpt(text: string): string {
  return text.slice(0, 40).replace(new RegExp(UNPRINTABLE, 'gu'), '?')
}

const COLUMNS = `n.id, n.path, (n.data ->> 'number')::int as number, n.data ->> 'customer' as customer,
  c.title as "customerName", c.path as "customerPath", n.data ->> 'state' as state, n.data ->> 'placed' as placed,
  n.data ->> 'required' as required, n.data ->> 'shipped' as shipped, n.data ->> 'linesTotal' as "linesTotal",
  n.data ->> 'freight' as freight, n.data ->> 'total' as total, n.data ->> 'shipCity' as "shipCity",
  n.data ->> 'shipCountry' as "shipCountry", i.number as invoice`

/**
 * Orders with the newest number first, one page by key.
 *
 * @param options.before number of the last order of the page before; older ones follow
 * @throws {DjetError} ORDER_CURSOR, ORDER_LIMIT (400)
 */
export async function orderList(
  djet: Djet,
  filter: OrderFilter,
  options: { limit?: number; before?: string | undefined } = {},
): Promise<Page<OrderRow>> {
  const limit = checkLimit(options.limit ?? 50)
  const { where, values } = conditions(filter)
  if (options.before) {
    values.push(readKey(options.before))
    where.push(`(n.data ->> 'number')::int < $${values.length}`)
  }
  const rows = await djet.query<OrderRow>(
    `select ${COLUMNS} from ${source(filter, where, values, limit + 1)} n
     left join djet.node c on c.basetype = 'customer' and c.data ->> 'number' = n.data ->> 'customer'
     left join sales_order.invoice i on i.node_id = n.id
     order by (n.data ->> 'number')::int desc limit ${limit + 1}`,
    values,
  )
  const items = rows.slice(0, limit)
  return { items, next: rows.length > limit ? String(items.at(-1)?.number) : null }
}

/**
 * Where the orders of a page come from, in the order of an index. That of customers has the state before the number:
 * of all orders of one customer it is asked once for each state, lest the planner read all orders there are.
 */
function source(
  { state, customer }: OrderFilter,
  where: readonly string[],
  values: unknown[],
  limit: number,
): string {
  const ordered = (more: string): string => `(
    select n.id, n.path, n.data from djet.node n
    where ${where.join(' and ')}${more} order by (n.data ->> 'number')::int desc limit ${limit})`
  if (customer === undefined || state !== undefined) return ordered('')
  values.push(Object.keys(orderStates))
  const each = ordered(" and n.data ->> 'state' = s.state")
  return `(select each.* from unnest($${values.length}::text[]) as s (state) cross join lateral ${each} as each)`
}

/** The open orders that have no invoice yet, the oldest first. */
export function openWithoutInvoice(djet: Djet): Promise<{ orderId: number; orderNumber: number }[]> {
  return djet.query(
    `select n.id as "orderId", (n.data ->> 'number')::int as "orderNumber" from djet.node n where n.basetype = 'order' and n.data ->> 'state' = 'open'
       and not exists (select from sales_order.invoice i where i.node_id = n.id)
     order by (n.data ->> 'number')::int`,
  )
}

function conditions(filter: OrderFilter): { where: string[]; values: unknown[] } {
  const where = ["n.basetype = 'order'"]
  const values: unknown[] = []
  for (const name of ['state', 'customer'] as const) {
    if (filter[name] === undefined) continue
    values.push(filter[name])
    where.push(`n.data ->> '${name}' = $${values.length}`)
  }
  return { where, values }
}

function readKey(text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (number <= 2_147_483_647) return number
  throw new DjetError('ORDER_CURSOR', `'before' must be the number of an order, not '${excerpt(text)}'`, {
    status: 400,
  })
}

/** Reads how many orders a page shall have. @throws {DjetError} ORDER_LIMIT (400) */
export function readLimit(text: string): number {
  return checkLimit(/^\d{1,4}$/.test(text) ? Number(text) : Number.NaN)
}

function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit
  throw new DjetError('ORDER_LIMIT', 'limit must be a whole number from 1 to 1000', { status: 400 })
}
