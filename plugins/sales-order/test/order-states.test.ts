import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestSite } from '../../../test/site.ts'
import { cancel, confirm, importOrders, invoice, orderSums, ship } from '../index.ts'
import { foldSums } from '../model/order-sums.ts'
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

describe('the sums of orders', () => {
  const filters = [
    {},
    { state: 'open' },
    { state: 'shipped' },
    { customer: 'ALFKI' },
    { customer: 'VINET' },
  ] as const
  const added = (filter: { state?: string; customer?: string }) =>
    site.djet.query(
      `select count(*) as count, coalesce(sum((data ->> 'linesTotal')::numeric), 0)::numeric(20, 2) as "linesTotal",
         coalesce(sum((data ->> 'freight')::numeric), 0)::numeric(20, 2) as freight,
         coalesce(sum((data ->> 'total')::numeric), 0)::numeric(20, 2) as total
       from djet.node where basetype = 'order' and data @> $1`,
      [JSON.stringify(filter)],
    )

  test('are those of the orders there are, whatever was done to them, before and after they are folded', async () => {
    const { djet } = site
    const right = async (what: string) => {
      for (const filter of filters) expect([await orderSums(djet, filter)], what).toEqual(await added(filter))
    }
    await right('made')
    await foldSums(djet)
    await right('folded')
    await ship(djet, { orderId })
    await right('shipped')
    const { id } = await djet.nodes.trash(orderId)
    await right('trashed')
    await foldSums(djet)
    await djet.nodes.restoreTrash(id)
    await right('restored')
    await djet.query(
      `update djet.node set data = data || '{"customer": "VINET", "total": "0.10"}' where basetype = 'order'`,
    )
    await right('changed by SQL')
    await djet.nodes.move('/orders', { part: 'sales' })
    await djet.nodes.delete(orderId)
    await foldSums(djet)
    await right('moved and deleted')
    expect(await djet.query('select from sales_order.sum_delta')).toEqual([])
    await djet.nodes.move('/sales', { part: 'orders' })
  })

  test('hold up nobody: what one transaction has not committed is no matter for another', async () => {
    const { djet } = site
    const before = await orderSums(djet, {})
    await djet.transaction(async (held) => {
      await confirm(held, { orderId })
      await djet.query(
        `update djet.node set data = data || '{"state": "confirmed"}' where basetype = 'order' and id <> $1`,
        [orderId],
      )
      await foldSums(djet)
      expect(await orderSums(djet, { state: 'open' })).toMatchObject({ count: 1 })
      expect(await orderSums(held, { state: 'open' })).toMatchObject({ count: 0, total: '0.00' })
    })
    expect(await orderSums(djet, { state: 'confirmed' })).toEqual(before)
  })
})
