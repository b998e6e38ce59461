import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TestSite } from '../../../test/site.ts'
import { cancel, confirm, type ImportResult, importOrders, invoice, orderLines, ship } from '../index.ts'
import { detailsCsv, file, fillShop, openShop, ordersCsv } from './shop.ts'

let site: TestSite
let number = 100
let orderId = 0

beforeAll(async () => {
  site = await openShop()
  await fillShop(site.djet)
})
beforeEach(async () => {
  number++
  await importOne({})
  orderId = (await site.djet.nodes.require(`/orders/${number}`)).id
})
afterAll(() => site.close())

/** Imports the order of this test: two lines, open, as far as not told otherwise. */
async function importOne(change: {
  shipped?: string
  freight?: string
  lines?: string[]
}): Promise<ImportResult> {
  const { djet } = site
  const row = `${number},ALFKI,5,1996-07-04,1996-08-01,${change.shipped ?? ''},3,${change.freight ?? '5.00'},Alfreds,Main St. 1,Berlin,,12209,Germany`
  const lines = change.lines ?? ['1,18.00,2,0', '2,19.00,1,0.1']
  return importOrders(djet, {
    orders: await file(djet, 'orders.csv', ordersCsv([row])),
    details: await file(djet, 'order_details.csv', detailsCsv(lines.map((line) => `${number},${line}`))),
  })
}
const stateOf = async () => (await site.djet.nodes.require(orderId)).data.state

test('other lines and another freight are brought up to date', async () => {
  const result = await importOne({ freight: '6.00', lines: ['1,18.00,3,0', '3,10.00,1,0'] })
  expect(result).toMatchObject({ created: 0, updated: 1, unchanged: 0 })
  expect((await site.djet.nodes.require(orderId)).data).toMatchObject({ linesTotal: '64.00', total: '70.00' })
  expect((await orderLines(site.djet, orderId)).map(({ product, quantity }) => [product, quantity])).toEqual([
    [1, 3],
    [3, 1],
  ])
})

test('a line less is a change', async () => {
  expect(await importOne({ lines: ['1,18.00,2,0'] })).toMatchObject({ updated: 1 })
  expect(await orderLines(site.djet, orderId)).toHaveLength(1)
})

test('a shipped date ships an order that was confirmed here', async () => {
  await confirm(site.djet, { orderId })
  expect(await importOne({ shipped: '1996-07-10' })).toMatchObject({ updated: 1 })
  expect((await site.djet.nodes.require(orderId)).data).toMatchObject({
    state: 'shipped',
    shipped: '1996-07-10',
  })
})

test('an order that was confirmed here stays so, which is said', async () => {
  await confirm(site.djet, { orderId })
  const result = await importOne({})
  expect(result).toMatchObject({
    unchanged: 1,
    notices: ['1 order without a shipped date is confirmed here. Its state was left as it is.'],
  })
  expect(await stateOf()).toBe('confirmed')
})

test('an order that was shipped here stays so', async () => {
  await ship(site.djet, { orderId, date: '1996-07-20' })
  expect(await importOne({ freight: '7.00' })).toMatchObject({ updated: 1 })
  expect((await site.djet.nodes.require(orderId)).data).toMatchObject({
    state: 'shipped',
    shipped: '1996-07-20',
    freight: '7.00',
  })
})

test('an order that was cancelled here is not changed: its rows are rejected', async () => {
  await cancel(site.djet, { orderId })
  expect(await importOne({})).toMatchObject({ unchanged: 1, rejected: 0 })
  const result = await importOne({ shipped: '1996-07-10' })
  expect(result).toMatchObject({ updated: 0, rejected: 3 })
  expect(result.firstRejected[0]?.reason).toBe(
    `order ${number} was cancelled here, and a cancelled order is not changed by an import`,
  )
  expect(await stateOf()).toBe('cancelled')
})

test('the amounts of an order with an invoice are not changed', async () => {
  const { number: invoiceNumber } = await invoice(site.djet, { orderId })
  const result = await importOne({ freight: '9.00' })
  expect(result).toMatchObject({ updated: 0, rejected: 3 })
  expect(result.firstRejected[0]?.reason).toBe(
    `order ${number} has invoice ${invoiceNumber}: its customer, lines and freight may not change any more`,
  )
  expect(await importOne({ shipped: '1996-07-10' })).toMatchObject({ updated: 1, rejected: 0 })
})

test('two imports of the same new order at once make it once', async () => {
  number++
  const results = await Promise.all([importOne({}), importOne({})])
  expect(results.map(({ created, unchanged }) => [created, unchanged]).sort()).toEqual([
    [0, 1],
    [1, 0],
  ])
})
