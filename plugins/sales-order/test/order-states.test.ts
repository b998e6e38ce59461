import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestSite } from '../../../test/site.ts'
import { cancel, confirm, importOrders, invoice, ship } from '../index.ts'
import { detailsCsv, file, fillShop, openShop, ordersCsv } from './shop.ts'

let site: TestSite
let number = 0
let orderId = 0

beforeAll(async () => {
  site = await openShop()
  await fillShop(site.djet)
})
beforeEach(async () => {
  number++
  const { djet } = site
  await importOrders(djet, {
    orders: await file(djet, 'orders.csv', ordersCsv([`${number},ALFKI`])),
    details: await file(djet, 'order_details.csv', detailsCsv([`${number},1,18.00,2,0`])),
  })
  orderId = (await djet.nodes.require(`/orders/${number}`)).id
})
afterAll(() => site.close())

const conflict = (message: string) => expect.objectContaining({ code: 'ORDER_STATE', status: 409, message })

describe('an order', () => {
  test('is confirmed, then shipped today', async () => {
    expect((await confirm(site.djet, { orderId })).data.state).toBe('confirmed')
    const today = new Date().toISOString().slice(0, 10)
    expect((await ship(site.djet, { orderId })).data).toMatchObject({ state: 'shipped', shipped: today })
  })

  test('that is shipped can be neither confirmed nor cancelled', async () => {
    await ship(site.djet, { orderId })
    await expect(confirm(site.djet, { orderId })).rejects.toEqual(
      conflict(`order ${number} is shipped and cannot become confirmed any more`),
    )
    await expect(cancel(site.djet, { orderId })).rejects.toEqual(
      conflict(`order ${number} is shipped and cannot become cancelled any more`),
    )
  })

  test('that is cancelled stays so', async () => {
    await cancel(site.djet, { orderId })
    await expect(ship(site.djet, { orderId })).rejects.toEqual(
      conflict(`order ${number} is cancelled and cannot become shipped any more`),
    )
  })

  test('that is confirmed by two people at once is confirmed once', async () => {
    const results = await Promise.allSettled([
      confirm(site.djet, { orderId }),
      confirm(site.djet, { orderId }),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: conflict(`order ${number} is confirmed already`),
    })
    expect((await site.djet.nodes.require(orderId)).version).toBe(2)
  })

  test('cannot be shipped before it was placed', async () => {
    await expect(ship(site.djet, { orderId, date: '1996-07-01' })).rejects.toMatchObject({
      code: 'ORDER_SHIPPED_TOO_EARLY',
      status: 409,
    })
  })

  test('with an invoice cannot be cancelled', async () => {
    await invoice(site.djet, { orderId })
    await expect(cancel(site.djet, { orderId })).rejects.toMatchObject({
      code: 'ORDER_INVOICED',
      status: 409,
    })
  })

  test('is found by its own node only', async () => {
    const customer = await site.djet.nodes.require('/customers/ALFKI')
    await expect(confirm(site.djet, { orderId: customer.id })).rejects.toMatchObject({ status: 404 })
  })
})
