import { createReadStream } from 'node:fs'
import { type Djet, DjetError, page } from '../core/index.ts'
import {
  catalogue,
  customers,
  type ImportResult,
  importCustomers,
  importOrders,
  importProducts,
  orderImport,
  orders,
} from '../plugins/sales-order/index.ts'

const welcome = `
<p class="lead">Northwind Traders sells fine foods from all over the world. This site is the demo of Djet: every address
is a node in a tree kept in PostgreSQL, and whatever takes long runs in a background worker.</p>
<ul>
<li><a href="/products">The catalogue</a> is open to everybody: 77 products in 8 categories.</li>
<li><a href="/orders">Orders</a> and <a href="/customers">customers</a> are for staff. Log in as <strong>admin</strong>;
the password was shown in the terminal when the demo was first started.</li>
<li>On an order's page make its invoice, at once or in the background; on the list of orders make those of all open
orders, or export what you have filtered.</li>
<li><a href="/orders/import">Import</a> takes CSV files of customers, products and orders. Try it with the files in
<code>sample/northwind</code>: nothing will change, and the report says so. Then put a mistake into a copy.</li>
<li><a href="/jobs">Jobs</a> shows every background task with its progress, log and results.</li>
</ul>`

/**
 * Makes the demo site: a home page, and the Northwind catalogue, customers and orders, imported by the same
 * functions that import a user's own files. Call it in a transaction, once the root exists.
 *
 * @throws {DjetError} SEED_REJECTED when a sample file does not import whole
 */
export async function seedNorthwind(djet: Djet): Promise<void> {
  const root = await djet.nodes.require('/', page)
  await djet.nodes.update(root, { title: djet.config.site.title, data: { body: welcome } })
  await place(djet, '/', { basetype: catalogue, part: 'products', name: 'Products', title: 'Our products' })
  await place(djet, '/', { basetype: customers, part: 'customers', name: 'Customers' })
  await place(djet, '/', { basetype: orders, part: 'orders', name: 'Orders' })
  // What everybody uses first, what staff use after it.
  for (const path of ['/jobs', '/users']) {
    const node = await djet.nodes.get(path)
    if (node) await djet.nodes.move(node, { parent: '/' })
  }
  await place(djet, '/orders', {
    basetype: orderImport,
    part: 'import',
    name: 'Import',
    title: 'Import files',
  })

  const ids = {
    categories: await store(djet, 'categories.csv'),
    products: await store(djet, 'products.csv'),
    customers: await store(djet, 'customers.csv'),
    orders: await store(djet, 'orders.csv'),
    details: await store(djet, 'order_details.csv'),
  }
  check(await importCustomers(djet, { customers: ids.customers }))
  check(await importProducts(djet, { products: ids.products, categories: ids.categories }))
  check(await importOrders(djet, { orders: ids.orders, details: ids.details }))
  for (const id of Object.values(ids)) await djet.files.delete(id)
}

/** Makes a node unless it is there already. */
async function place(
  djet: Djet,
  parent: string,
  node: Parameters<Djet['nodes']['insert']>[1],
): Promise<void> {
  const path = `${parent === '/' ? '' : parent}/${node.part}`
  if ((await djet.nodes.get(path)) === null) await djet.nodes.insert(parent, node)
}

async function store(djet: Djet, name: string): Promise<string> {
  const content = createReadStream(new URL(`northwind/${name}`, import.meta.url))
  return (await djet.files.write({ name, type: 'text/csv', content })).id
}

function check(result: ImportResult): void {
  if (result.rejected === 0) return
  const [first] = result.firstRejected
  throw new DjetError('SEED_REJECTED', `${first?.file}, line ${first?.line}: ${first?.reason}`)
}
