import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestSite } from '../../../test/site.ts'
import { type ImportResult, importCustomers, importOrders, importProducts, orderSums } from '../index.ts'
import { file, openShop, rowsOf, sample, textOf } from './shop.ts'

let site: TestSite
let ids: Record<'customers' | 'products' | 'categories' | 'orders' | 'details', string>
const results: ImportResult[] = []

beforeAll(async () => {
  site = await openShop()
  const { djet } = site
  ids = {
    customers: await file(djet, 'customers.csv', sample('customers.csv')),
    products: await file(djet, 'products.csv', sample('products.csv')),
    categories: await file(djet, 'categories.csv', sample('categories.csv')),
    orders: await file(djet, 'orders.csv', sample('orders.csv')),
    details: await file(djet, 'order_details.csv', sample('order_details.csv')),
  }
  results.push(await importCustomers(djet, { customers: ids.customers }))
  results.push(await importProducts(djet, { products: ids.products, categories: ids.categories }))
  results.push(await importOrders(djet, { orders: ids.orders, details: ids.details }))
})
afterAll(() => site.close())

describe('the Northwind files', () => {
  test('give 91 customers, 77 products in 8 categories and 830 orders', () => {
    expect(
      results.map(({ created, updated, unchanged, rejected }) => [created, updated, unchanged, rejected]),
    ).toEqual([
      [91, 0, 0, 0],
      [77, 0, 0, 0],
      [830, 0, 0, 0],
    ])
    expect(results[1]?.categories).toEqual({ created: 8, updated: 0, unchanged: 0 })
    expect(results[2]?.read).toBe(830 + 2155)
  })

  test('come to 1,265,793.29 in 2,155 lines and 64,942.69 freight', async () => {
    const { djet } = site
    const [lines] = await djet.query('select count(*) as count, sum(amount) as sum from sales_order.line')
    expect(lines).toEqual({ count: 2155, sum: '1265793.29' })
    expect(await orderSums(djet, {})).toEqual({
      count: 830,
      linesTotal: '1265793.29',
      freight: '64942.69',
      total: '1330735.98',
    })
  })

  test('leave 21 orders not shipped, which are open', async () => {
    const rows = await site.djet.query(
      `select data ->> 'state' as state, count(*) as n, count(data ->> 'shipped') as shipped
       from djet.node where basetype = 'order' group by 1 order by 1`,
    )
    expect(rows).toEqual([
      { state: 'open', n: 21, shipped: 0 },
      { state: 'shipped', n: 809, shipped: 809 },
    ])
  })

  test('make nodes with readable addresses', async () => {
    const { nodes } = site.djet
    expect((await nodes.get('/customers/ALFKI'))?.title).toBe('Alfreds Futterkiste')
    expect((await nodes.get('/products/dairy-products/queso-cabrales'))?.data.price).toBe('21.00')
    expect((await nodes.get('/orders/10248'))?.data).toMatchObject({
      customer: 'VINET',
      placed: '1996-07-04',
      shipped: '1996-07-16',
      freight: '32.38',
      linesTotal: '440.00',
      total: '472.38',
      shipCity: 'Reims',
    })
  })

  test('imported again change nothing, and the result says so', async () => {
    const { djet } = site
    const before = await djet.query('select sum(version) as versions, max(modified) as last from djet.node')
    const again = [
      await importCustomers(djet, { customers: ids.customers }),
      await importProducts(djet, { products: ids.products, categories: ids.categories }),
      await importOrders(djet, { orders: ids.orders, details: ids.details }),
    ]
    expect(again.map(({ created, updated, unchanged }) => [created, updated, unchanged])).toEqual([
      [0, 0, 91],
      [0, 0, 77],
      [0, 0, 830],
    ])
    expect(again[2]?.message).toBe('Nothing changed: 830 orders already there, as in the files.')
    expect(again[2]?.report).toBeUndefined()
    expect(await djet.query('select sum(version) as versions, max(modified) as last from djet.node')).toEqual(
      before,
    )
  })

  test('report one bad line of an order with all its rows', async () => {
    const { djet } = site
    const details = sample('order_details.csv').replace('10248,42,9.80,10,0.00', '10248,42,9.80,-10,0.00')
    const result = await importOrders(djet, {
      orders: ids.orders,
      details: await file(djet, 'order_details.csv', details),
    })
    expect(result).toMatchObject({ created: 0, updated: 0, unchanged: 829, rejected: 4 })
    const rows = rowsOf(await textOf(djet, result.report))
    expect(rows).toEqual([
      {
        file: 'orders.csv',
        line: '2',
        key: '10248',
        reason: 'not imported because line 3 of order_details.csv was rejected',
        row: expect.stringMatching(/^10248,VINET,5,/),
      },
      expect.objectContaining({ file: 'order_details.csv', line: '2', key: '10248' }),
      {
        file: 'order_details.csv',
        line: '3',
        key: '10248',
        reason: "quantity '-10' must be 1 or more",
        row: '10248,42,9.80,-10,0.00',
      },
      expect.objectContaining({ file: 'order_details.csv', line: '4' }),
    ])
  })
})
