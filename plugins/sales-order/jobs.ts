import { z } from 'zod'
import { defineJob } from '../jobmachine/index.ts'
import { orderStates } from './basetypes.ts'
import * as model from './model/index.ts'

const importOptions = {
  dryRun: z
    .boolean()
    .optional()
    .meta({ title: 'Dry run', description: 'Say what would be done, write nothing.' }),
  onError: z.enum(['skip', 'stop']).optional().meta({
    title: 'At a row with an error',
    description: 'skip: leave it out; stop: write nothing at all.',
  }),
  language: z.string().max(35).optional().meta({
    title: 'Language of the report',
    description: 'such as da; empty: that of the site.',
  }),
}
const csvFile = (title: string) => z.string().meta({ widget: 'file', title, accept: ['.csv', 'text/csv'] })
const dry = (params: { dryRun?: boolean | undefined }): string => (params.dryRun ? ' (dry run)' : '')

export const importCustomers = defineJob('sales-order.importCustomers', model.importCustomers, {
  params: z.object({ customers: csvFile('Customers'), ...importOptions }),
  title: (params) => `Import customers${dry(params)}`,
  description: 'Reads customers from a CSV file; those who are there already are brought up to date.',
  access: { start: ['staff'] },
  timeout: '2h',
})

export const importProducts = defineJob('sales-order.importProducts', model.importProducts, {
  params: z.object({
    products: csvFile('Products'),
    categories: csvFile('Categories').optional(),
    ...importOptions,
  }),
  title: (params) => `Import products${dry(params)}`,
  description: 'Reads products, and their categories, from CSV files.',
  access: { start: ['staff'] },
  timeout: '2h',
})

export const importOrders = defineJob('sales-order.importOrders', model.importOrders, {
  params: z.object({ orders: csvFile('Orders'), details: csvFile('Order lines'), ...importOptions }),
  title: (params) => `Import orders${dry(params)}`,
  description: 'Reads orders and their lines from two CSV files.',
  access: { start: ['staff'] },
  timeout: '2h',
})

export const invoice = defineJob('sales-order.invoice', model.invoice, {
  // The number is there for the title only.
  params: z.object({
    orderId: z.int().positive().describe('Id of the node of the order'),
    orderNumber: z.int().optional(),
  }),
  title: ({ orderId, orderNumber }) =>
    orderNumber === undefined
      ? `Invoice for the order of node ${orderId}`
      : `Invoice for order ${orderNumber}`,
  label: 'Invoice an order',
  description: 'Writes the invoice of an order as PDF.',
  access: { start: ['staff'] },
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
  description: 'Writes orders into a file for a spreadsheet.',
  access: { start: ['staff'] },
  timeout: '1h',
})
