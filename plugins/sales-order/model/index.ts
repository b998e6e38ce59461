/** The business functions of sales orders: pages, tasks, commands and tests call the same ones. */
export { type ExportOrders, exportOrders } from './export.ts'
export { type ImportCustomers, importCustomers } from './import/customers.ts'
export { type ImportOrders, importOrders } from './import/orders.ts'
export { type ImportProducts, importProducts } from './import/products.ts'
export type { ImportOptions, ImportResult, RejectedRow } from './import/result.ts'
export { type Invoice, invoice, invoiceFile, invoiceOf } from './invoice.ts'
export { canBecome, cancel, confirm, type OrderRef, ship } from './order.ts'
export { type OrderLine, orderLines } from './order-lines.ts'
export {
  type OrderFilter,
  type OrderRow,
  openWithoutInvoice,
  orderList,
  readFilter,
  readLimit,
} from './order-list.ts'
export { type OrderSums, orderSums } from './order-sums.ts'
export { importPage } from './places.ts'
