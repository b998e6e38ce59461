import { readFileSync } from 'node:fs'
import type { Action } from './matrix.ts'
import * as make from './targets.ts'

const staff = { roles: ['editor', 'publisher', 'admin'] } as const
/** At the pages of orders staff do everything. */
const orders = { needs: staff, scopes: ['write'], prepare: make.order } as const
/** Sample files, sent to the page where they are imported. */
const imports = (what: string, files: Record<string, string>): Action => ({
  needs: staff,
  scopes: ['write'],
  prepare: make.orderImport,
  trial: ({ other }) => {
    const body = new FormData()
    for (const [name, file] of Object.entries(files)) {
      const text = readFileSync(new URL(`../../sample/northwind/${file}.csv`, import.meta.url), 'utf8')
      body.set(name, new Blob([text.slice(0, 1000)]), `${file}.csv`)
    }
    return { method: 'POST', path: `${other}/${what}`, body }
  },
})

const order = (verb: string): Action => ({
  ...orders,
  trial: ({ other }) => ({ method: 'POST', path: `${other}/${verb}`, body: {} }),
})

/** Who may do what with orders: see `pageActions`. */
export const orderActions: Readonly<Record<string, Action>> = {
  'sales-order.order /confirm': order('confirm'),
  'sales-order.order /ship': order('ship'),
  'sales-order.order /cancel': order('cancel'),
  'sales-order.order /invoice': order('invoice'),
  'sales-order.order /invoice-task': order('invoice-task'),
  'sales-order.orders /invoice-open': {
    ...orders,
    trial: () => ({ method: 'POST', path: '/orders/invoice-open', body: {} }),
  },
  'sales-order.import /customers': imports('customers', { customers: 'customers' }),
  'sales-order.import /products': imports('products', { products: 'products' }),
  'sales-order.import /orders': imports('orders', { orders: 'orders', details: 'order_details' }),
}
