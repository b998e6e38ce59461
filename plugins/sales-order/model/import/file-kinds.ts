import type { Columns } from './columns.ts'
import { customerColumns } from './customers.ts'
import { detailColumns, orderColumns } from './order-columns.ts'
import { categoryColumns, productColumns } from './products.ts'

/** The files that can be imported, each with its columns. */
export const fileKinds = {
  customers: customerColumns,
  categories: categoryColumns,
  products: productColumns,
  orders: orderColumns,
  details: detailColumns,
} satisfies Record<string, Columns>

export type FileKind = keyof typeof fileKinds

/** What a kind of file is called. */
export const kindTitles: Readonly<Record<FileKind, string>> = {
  customers: 'customers',
  categories: 'categories',
  products: 'products',
  orders: 'orders',
  details: 'order lines',
}
