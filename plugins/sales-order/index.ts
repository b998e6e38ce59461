import { definePlugin } from '../../core/index.ts'
import * as basetypes from './basetypes.ts'
import { customerEngine, customersEngine, importEngine, orderEngine, ordersEngine } from './engine/index.ts'
import * as jobs from './jobs.ts'
import { obstaclesOf } from './model/obstacles.ts'
import { start } from './start.ts'

export * from './basetypes.ts'
export * from './model/index.ts'

/**
 * Catalogue, customers and sales orders: pages, imports, invoices and exports.
 *
 * @example plugins: [users(), jobmachine(), salesOrder()]
 */
export const salesOrder = definePlugin(() => ({
  name: 'sales-order',
  version: '0.1.0',
  requires: ['jobmachine'],
  folder: new URL('.', import.meta.url),
  basetypes: [
    basetypes.catalogue,
    basetypes.category,
    basetypes.product,
    basetypes.customers,
    basetypes.customer,
    basetypes.orders,
    basetypes.order,
    basetypes.orderImport,
    basetypes.upload,
  ],
  engines: {
    'sales-order.customers': customersEngine,
    'sales-order.customer': customerEngine,
    'sales-order.orders': ordersEngine,
    'sales-order.order': orderEngine,
    'sales-order.import': importEngine,
  },
  jobs: [jobs.importCustomers, jobs.importProducts, jobs.importOrders, jobs.invoice, jobs.exportOrders],
  trashObstacles: obstaclesOf,
  start,
}))
