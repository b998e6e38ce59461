import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestSite } from '../../../test/site.ts'
import {
  type ImportOptions,
  type ImportResult,
  importCustomers,
  importOrders,
  importProducts,
} from '../index.ts'
import {
  customersCsv,
  detailsCsv,
  file,
  fillShop,
  openShop,
  ordersCsv,
  productsCsv,
  rowsOf,
  textOf,
} from './shop.ts'

let site: TestSite
beforeAll(async () => {
  site = await openShop()
  await fillShop(site.djet)
})
afterAll(() => site.close())

/** Imports orders; order 1 with one line is always among them and good. */
async function importRows(
  orders: string[],
  details: string[],
  options: ImportOptions = {},
): Promise<ImportResult> {
  const { djet } = site
  return importOrders(djet, {
    orders: await file(djet, 'orders.csv', ordersCsv(['1,ALFKI', ...orders])),
    details: await file(djet, 'order_details.csv', detailsCsv(['1,1,18.00,1,0', ...details])),
    dryRun: true,
    ...options,
  })
}
const order = (
  cells: Partial<Record<'id' | 'customer' | 'placed' | 'shipped' | 'freight' | 'name', string>>,
): string =>
  [
    cells.id ?? '2',
    cells.customer ?? 'VINET',
    '5',
    cells.placed ?? '1996-07-04',
    '1996-08-01',
    cells.shipped ?? '',
    '3',
    cells.freight ?? '5.00',
    cells.name ?? 'Vins',
    'Main St. 1,Berlin,,12209,Germany',
  ].join(',')

describe('a row of an order is rejected, with its order, when', () => {
  test.each<[string, string, RegExp]>([
    [
      'its day does not exist',
      order({ placed: '1996-02-30' }),
      /order_date '1996-02-30' is a day that does not exist/,
    ],
    ['its day is written otherwise', order({ placed: '04/07/1996' }), /is not a date: write year-month-day/],
    ['a cell it needs is empty', order({ placed: '' }), /order_date is empty/],
    [
      'its customer is unknown',
      order({ customer: 'NOBOD' }),
      /customer_id NOBOD is unknown: import the customers first/,
    ],
    [
      'its customer is no number',
      order({ customer: 'A/B' }),
      /customer_id 'A\/B' may have letters A-Z and digits only/,
    ],
    [
      'its number is too large',
      order({ id: '9999999999' }),
      /order_id '9999999999' is too large: 2147483647 at most/,
    ],
    ['its number is no number', order({ id: '2x' }), /order_id '2x' is not a whole number/],
    ['its freight is negative', order({ freight: '-1.00' }), /freight '-1.00' must not be negative/],
    [
      'its freight has three decimals',
      order({ freight: '1.005' }),
      /freight '1.005' has more than 2 decimals/,
    ],
    [
      'its freight is in scientific notation',
      order({ freight: '1e5' }),
      /'1e5' is not a number: write all its digits/,
    ],
    [
      'its freight has thousands separators',
      order({ freight: '"1,234.50"' }),
      /without thousands separators/,
    ],
    [
      'its freight has a decimal comma',
      order({ freight: '"32,38"' }),
      /write decimals with a point, as in 32.38/,
    ],
    ['its freight has a currency', order({ freight: '$5.00' }), /without currency/],
    ['its freight is huge', order({ freight: '99999999999999999999' }), /is too large: 9999999.99 at most/],
    ['a text is too long', order({ name: 'x'.repeat(101) }), /is 101 characters long, 100 are allowed/],
    ['it has a cell too many', `${order({})},x`, /has 15 cells instead of 14/],
    ['it has too few cells', '2,VINET,5', /has 3 cells instead of 14/],
  ])('%s', async (_, row, reason) => {
    const result = await importRows([row], ['2,1,18.00,1,0'])
    expect(result).toMatchObject({ created: 1, rejected: 2 })
    expect(result.firstRejected[0]).toMatchObject({
      file: 'orders.csv',
      line: 3,
      reason: expect.stringMatching(reason),
    })
  })

  test('it is there twice', async () => {
    const result = await importRows([order({}), order({})], ['2,1,18.00,1,0'])
    expect(result).toMatchObject({ created: 1, rejected: 3 })
    expect(result.firstRejected.map(({ line, reason }) => [line, reason])).toEqual([
      [3, 'not imported because line 4 of orders.csv was rejected'],
      [4, 'this order is already in line 3'],
      [3, 'not imported because line 4 of orders.csv was rejected'],
    ])
  })

  test('it has no lines', async () => {
    const result = await importRows([order({})], [])
    expect(result.firstRejected).toMatchObject([
      { line: 3, reason: 'order 2 has no lines in order_details.csv' },
    ])
  })

  test('several cells are wrong: all are named', async () => {
    const result = await importRows([order({ placed: '1996-13-01', freight: 'x' })], ['2,1,18.00,1,0'])
    expect(result.firstRejected[0]?.reason).toBe(
      "order_date '1996-13-01' is a day that does not exist; freight 'x' is not a number",
    )
  })
})

describe('a line of an order is rejected, with its order, when', () => {
  test.each<[string, string, RegExp]>([
    ['its quantity is negative', '2,1,18.00,-3,0', /quantity '-3' must be 1 or more/],
    ['its quantity is zero', '2,1,18.00,0,0', /quantity '0' must be 1 or more/],
    ['its quantity is broken', '2,1,18.00,1.5,0', /quantity '1.5' is not a whole number/],
    ['its discount is over 1', '2,1,18.00,1,1.5', /discount '1.5' is too large: 1 at most/],
    ['its discount is negative', '2,1,18.00,1,-0.1', /discount '-0.1' must not be negative/],
    ['its discount is in per cent', '2,1,18.00,1,15%', /discount '15%' is not a number/],
    ['its price has three decimals', '2,1,18.005,1,0', /unit_price '18.005' has more than 2 decimals/],
    ['its product is unknown', '2,99,18.00,1,0', /product_id 99 is unknown: import the products first/],
  ])('%s', async (_, row, reason) => {
    const result = await importRows([order({})], ['2,2,19.00,1,0', row])
    expect(result).toMatchObject({ created: 1, rejected: 3 })
    expect(result.firstRejected.map(({ file, line }) => [file, line])).toEqual([
      ['orders.csv', 3],
      ['order_details.csv', 3],
      ['order_details.csv', 4],
    ])
    expect(result.firstRejected[2]?.reason).toMatch(reason)
    expect(result.firstRejected[0]?.reason).toBe(
      'not imported because line 4 of order_details.csv was rejected',
    )
  })

  test('its product is there twice', async () => {
    const result = await importRows([order({})], ['2,1,18.00,1,0', '2,1,18.00,2,0'])
    expect(result.firstRejected[2]).toMatchObject({
      line: 4,
      reason: 'this order has this product already in line 3',
    })
  })

  test('its order is not in the other file', async () => {
    const result = await importRows([], ['77,1,18.00,1,0'])
    expect(result).toMatchObject({ created: 1, rejected: 1 })
    expect(result.firstRejected[0]?.reason).toBe('order 77 is not in orders.csv')
  })
})

describe('when rows are bad', () => {
  const bad = ['2,1,18.00,-3,0']

  test('a dry run writes nothing', async () => {
    const result = await importRows([order({})], bad, { dryRun: true })
    expect(result.message).toBe(
      'Dry run: 1 order would be created. 2 rows were rejected; see rejected-rows.csv.',
    )
    expect(await site.djet.nodes.get('/orders/1')).toBeNull()
  })

  test("onError 'stop' writes nothing and counts nothing as created", async () => {
    const result = await importRows([order({})], bad, { dryRun: false, onError: 'stop' })
    expect(result).toMatchObject({ created: 0, rejected: 2, dryRun: false })
    expect(result.message).toMatch(
      /^Nothing was imported, because of errors in the files\. 2 rows were rejected/,
    )
    expect(await site.djet.nodes.get('/orders/1')).toBeNull()
    expect(rowsOf(await textOf(site.djet, result.report))).toHaveLength(2)
  })

  test('the good orders are imported otherwise', async () => {
    const result = await importRows([order({})], bad, { dryRun: false })
    expect(result).toMatchObject({ created: 1, rejected: 2 })
    expect((await site.djet.nodes.get('/orders/1'))?.data).toMatchObject({
      linesTotal: '18.00',
      total: '23.00',
    })
    expect(await site.djet.nodes.get('/orders/2')).toBeNull()
  })

  test('the report is safe to open in a spreadsheet', async () => {
    const { djet } = site
    const customers = await file(
      djet,
      'customers.csv',
      customersCsv(['=1+1,Evil', '-5,Negative', '@x,At', '+1-2,Plus']),
    )
    const result = await importCustomers(djet, { customers })
    const rows = rowsOf(await textOf(djet, result.report))
    expect(rows.map(({ key }) => key)).toEqual(["'=1+1", '-5', "'@x", "'+1-2"])
    expect(rows[0]?.row).toMatch(/^'=1\+1,Evil/)
  })
})

describe('products', () => {
  test('of an unknown category are rejected', async () => {
    const { djet } = site
    const products = await file(
      djet,
      'products.csv',
      productsCsv(['7,Tea,1.00']).replace(',1,1,10 boxes', ',1,8,10 boxes'),
    )
    const result = await importProducts(djet, { products })
    expect(result).toMatchObject({ created: 0, rejected: 1 })
    expect(result.firstRejected[0]?.reason).toBe('category_id 8 is unknown: import the categories too')
  })

  test('of a category whose own row was rejected are rejected, in a dry run too', async () => {
    const { djet } = site
    const categories = await file(
      djet,
      'categories.csv',
      'category_id,category_name,description\n8,,Fish\n9,Fruit,\n',
    )
    const text = productsCsv(['7,Tea,1.00', '8,Apple,1.00'])
    const products = text
      .replace('7,Tea,1.00,1,1', '7,Tea,1.00,1,8')
      .replace('8,Apple,1.00,1,1', '8,Apple,1.00,1,9')
    const result = await importProducts(djet, {
      products: await file(djet, 'products.csv', products),
      categories,
      dryRun: true,
    })
    expect(result).toMatchObject({ created: 1, rejected: 2, categories: { created: 1 } })
    expect(await djet.nodes.get('/products/fruit')).toBeNull()
  })

  test('of the same name in one category get addresses of their own', async () => {
    const { djet } = site
    const products = await file(
      djet,
      'products.csv',
      productsCsv(['11,Côte de Blaye,1.00', '12,Cote de Blaye,2.00']),
    )
    await importProducts(djet, { products })
    expect((await djet.nodes.get('/products/beverages/cote-de-blaye'))?.data.number).toBe(11)
    expect((await djet.nodes.get('/products/beverages/cote-de-blaye--12'))?.data.number).toBe(12)
  })

  test('whose names look like the address another one gets are imported all the same', async () => {
    const { djet } = site
    const rows = ['139,Chai,1.00', '140,Chai 139,1.00', '141,Twin,1.00', '142,Twin,1.00', '143,Twin 142,1.00']
    const products = await file(djet, 'products.csv', productsCsv(rows))
    expect(await importProducts(djet, { products })).toMatchObject({ created: 5, rejected: 0 })
    const { items } = await djet.nodes.children('/products/beverages', { limit: 1000 })
    const parts = items.filter(({ data }) => Number(data.number) > 100).map(({ part }) => part)
    expect(parts).toEqual(['chai--139', 'chai-139', 'twin', 'twin--142', 'twin-142'])
    expect(await importProducts(djet, { products })).toMatchObject({ unchanged: 5 })
  })

  test('of the same name move together to another category', async () => {
    const { djet } = site
    const categories = await file(
      djet,
      'categories.csv',
      'category_id,category_name,description\n3,Sweets,\n4,Sours,\n',
    )
    const inCategories = (one: number, two: number) =>
      file(
        djet,
        'products.csv',
        productsCsv(['151,Drop,1.00', '152,Drop,1.00', '153,Drop 152,1.00'])
          .replace('151,Drop,1.00,1,1', `151,Drop,1.00,1,${one}`)
          .replace('152,Drop,1.00,1,1', `152,Drop,1.00,1,${two}`)
          .replace('153,Drop 152,1.00,1,1', `153,Drop 152,1.00,1,${two}`),
      )
    const pathOf = async (number: number) =>
      (
        await djet.query<{ path: string }>(
          "select path from djet.node where basetype = 'product' and data ->> 'number' = $1",
          [String(number)],
        )
      )[0]?.path
    await importProducts(djet, { products: await inCategories(3, 4), categories })
    expect([await pathOf(151), await pathOf(152)]).toEqual(['/products/sweets/drop', '/products/sours/drop'])
    await importProducts(djet, { products: await inCategories(1, 1) })
    expect(await Promise.all([151, 152, 153].map(pathOf))).toEqual([
      '/products/beverages/drop',
      '/products/beverages/drop--152',
      '/products/beverages/drop-152',
    ])
  })

  test('move with their page when their category changes', async () => {
    const { djet } = site
    const categories = await file(
      djet,
      'categories.csv',
      'category_id,category_name,description\n2,Condiments,\n',
    )
    const text = productsCsv(['3,Syrup,10.50']).replace('10.50,1,1,', '10.50,1,2,')
    const result = await importProducts(djet, {
      products: await file(djet, 'products.csv', text),
      categories,
    })
    expect(result).toMatchObject({ updated: 1, categories: { created: 1 } })
    expect(await djet.nodes.get('/products/beverages/syrup')).toBeNull()
    expect((await djet.nodes.get('/products/condiments/syrup'))?.data.price).toBe('10.50')
  })
})
