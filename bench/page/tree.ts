import { fileURLToPath } from 'node:url'
import { openSite, page } from '../../core/index.ts'
import { catalogue, category, customers, orders, product } from '../../plugins/sales-order/index.ts'

/** Categories of the catalogue, and products of each. */
const CATEGORIES = 100
const PRODUCTS = 999

/** The tree of the bench, as far as its servers ask for it. */
export interface Tree {
  readonly nodes: number
  /** Paths of product pages, from all over the tree. */
  readonly products: readonly string[]
}

/**
 * Fills an empty database with a site of 100,000 nodes: a catalogue of 100 categories with 999 products each, a
 * few pages for the menu, and orders and customers that guests may not see.
 */
export async function plantTree(databaseUrl: string): Promise<Tree> {
  const app = await openSite(fileURLToPath(new URL('site', import.meta.url)), { databaseUrl })
  try {
    await app.prepare()
    const djet = app.scope()
    const top = await djet.nodes.insert('/', { basetype: catalogue, part: 'products', name: 'Products' })
    for (const name of ['Offers', 'Recipes', 'Suppliers', 'Delivery', 'About us', 'Contact']) {
      await djet.nodes.insert('/', { basetype: page, name })
    }
    await djet.nodes.insert('/', { basetype: customers, part: 'customers', name: 'Customers' })
    await djet.nodes.insert('/', { basetype: orders, part: 'orders', name: 'Orders' })
    await djet.query(
      `insert into djet.node (parent_id, part, path, position, basetype, name, title, data)
       select $1, 'category-' || n, '', n, $2, 'Category ' || n, 'Category ' || n,
         jsonb_build_object('number', n, 'description', 'Fine foods of kind ' || n)
       from generate_series(1, ${CATEGORIES}) as n`,
      [top.id, category.name],
    )
    await djet.query(
      `insert into djet.node (parent_id, part, path, position, basetype, name, title, data)
       select category.id, 'product-' || n, '', n, $2, 'Product ' || n, 'Fine product ' || n || ' of ' || category.name,
         jsonb_build_object('number', category.id * 1000 + n, 'unit', n || ' boxes x 20 bags', 'price', n || '.50',
           'supplier', n % 29 + 1, 'stock', n * 7, 'onOrder', 0, 'reorderLevel', 10, 'discontinued', false)
       from djet.node as category, generate_series(1, ${PRODUCTS}) as n
       where category.parent_id = $1
       order by n`,
      [top.id, product.name],
    )
    await djet.query('vacuum analyze djet.node')
    const [count] = await djet.query<{ n: number }>('select count(*) as n from djet.node')
    return { nodes: count?.n ?? 0, products: pathsFromAllOver() }
  } finally {
    await app.stop()
  }
}

/** Two hundred product pages, two of each category. */
function pathsFromAllOver(): string[] {
  return Array.from(
    { length: 200 },
    (_, i) => `/products/category-${(i % CATEGORIES) + 1}/product-${((i * 37) % PRODUCTS) + 1}`,
  )
}
