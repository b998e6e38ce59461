import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { parse } from 'csv-parse/sync'
import type { Djet } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import { jobmachine } from '../../jobmachine/index.ts'
import { users } from '../../users/index.ts'
import {
  catalogue,
  customers,
  importCustomers,
  importProducts,
  orderImport,
  orders,
  salesOrder,
} from '../index.ts'

/** An open site with the places of a shop and nothing in them. */
export async function openShop(languages = ['en']): Promise<TestSite> {
  const plugins = [users(), jobmachine({ threads: 0 }), salesOrder()]
  const site = await createTestSite({ plugins, config: { languages } })
  await makePlaces(site.djet)
  return site
}

export async function makePlaces(djet: Djet): Promise<void> {
  await djet.nodes.insert('/', { basetype: catalogue, part: 'products', name: 'Products' })
  await djet.nodes.insert('/', { basetype: customers, part: 'customers', name: 'Customers' })
  await djet.nodes.insert('/', { basetype: orders, part: 'orders', name: 'Orders' })
  await djet.nodes.insert('/orders', {
    basetype: orderImport,
    part: 'import',
    name: 'Import',
    title: 'Import files',
  })
}

/** Stores a file and gives its id. */
export async function file(djet: Djet, name: string, content: string | Buffer | Readable): Promise<string> {
  return (await djet.files.write({ name, type: 'text/csv', content })).id
}

/** The text of a file of the Northwind sample. */
export function sample(name: string): string {
  return readFileSync(new URL(`../../../sample/northwind/${name}`, import.meta.url), 'utf8')
}

export async function textOf(djet: Djet, id: string | undefined): Promise<string> {
  return (await buffer(await djet.files.read(id ?? ''))).toString('utf8')
}

/** The rows of a CSV file by column. */
export function rowsOf(text: string): Record<string, string>[] {
  return parse(text, { bom: true, columns: true })
}

/** Two customers and three products, enough for small orders. */
export async function fillShop(djet: Djet): Promise<void> {
  await importCustomers(djet, {
    customers: await file(djet, 'customers.csv', customersCsv(['ALFKI,Alfreds', 'VINET,Vins'])),
  })
  await importProducts(djet, {
    categories: await file(
      djet,
      'categories.csv',
      'category_id,category_name,description\n1,Beverages,Drinks\n',
    ),
    products: await file(
      djet,
      'products.csv',
      productsCsv(['1,Chai,18.00', '2,Chang,19.00', '3,Syrup,10.00']),
    ),
  })
}

/** A file of customers from rows of number and name. */
export function customersCsv(rows: readonly string[]): string {
  const header =
    'customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,fax'
  return [header, ...rows.map((row) => `${row},Ann,Owner,Main St. 1,Berlin,,12209,Germany,030-1,`), ''].join(
    '\n',
  )
}

/** A file of products of category 1 from rows of number, name and price. */
export function productsCsv(rows: readonly string[]): string {
  const header =
    'product_id,product_name,unit_price,supplier_id,category_id,quantity_per_unit,units_in_stock,units_on_order,reorder_level,discontinued'
  return [header, ...rows.map((row) => `${row},1,1,10 boxes,5,0,0,0`), ''].join('\n')
}

export const ORDERS_HEADER =
  'order_id,customer_id,employee_id,order_date,required_date,shipped_date,ship_via,freight,ship_name,ship_address,ship_city,ship_region,ship_postal_code,ship_country'

/** A file of orders; `1,ALFKI` is an open order of 1996-07-04 with freight 5.00. */
export function ordersCsv(rows: readonly string[]): string {
  const full = rows.map((row) =>
    row.split(',').length > 2
      ? row
      : `${row},5,1996-07-04,1996-08-01,,3,5.00,Alfreds,Main St. 1,Berlin,,12209,Germany`,
  )
  return [ORDERS_HEADER, ...full, ''].join('\n')
}

/** A file of order lines from rows of order, product, price, quantity, discount. */
export function detailsCsv(rows: readonly string[]): string {
  return ['order_id,product_id,unit_price,quantity,discount', ...rows, ''].join('\n')
}
