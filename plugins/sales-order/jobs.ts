import { z } from 'zod'
import { defineJob } from '../jobmachine/index.ts'
import { orderStates } from './basetypes.ts'
import * as model from './model/index.ts'

const importOptions = { dryRun: z.boolean().optional(), onError: z.enum(['skip', 'stop']).optional() }
const dry = (params: { dryRun?: boolean | undefined }): string => (params.dryRun ? ' (dry run)' : '')

export const importCustomers = defineJob('sales-order.importCustomers', model.importCustomers, {
  params: z.object({ customers: z.string(), ...importOptions }),
  title: (params) => `Import customers${dry(params)}`,
  timeout: '2h',
})

export const importProducts = defineJob('sales-order.importProducts', model.importProducts, {
  params: z.object({ products: z.string(), categories: z.string().optional(), ...importOptions }),
  title: (params) => `Import products${dry(params)}`,
  timeout: '2h',
})

export const importOrders = defineJob('sales-order.importOrders', model.importOrders, {
  params: z.object({ orders: z.string(), details: z.string(), ...importOptions }),
  title: (params) => `Import orders${dry(params)}`,
  timeout: '2h',
})

export const invoice = defineJob('sales-order.invoice', model.invoice, {
  // The number is there for the title only.
  params: z.object({ orderId: z.int().positive(), orderNumber: z.int().optional() }),
  title: ({ orderId, orderNumber }) =>
    orderNumber === undefined
      ? `Invoice for the order of node ${orderId}`
      : `Invoice for order ${orderNumber}`,
  retries: 3,
  timeout: '5m',
})

export const exportOrders = defineJob('sales-order.exportOrders', model.exportOrders, {
  params: z.object({
    format: z.enum(['xlsx', 'csv']),
    state: z.enum(Object.keys(orderStates) as [keyof typeof orderStates]).optional(),
    customer: z.string().max(100).optional(),
  }),
  title: ({ format }) => `Export orders as ${format.toUpperCase()}`,
  timeout: '1h',
})
