import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { type Outcome, waitFor } from '../../jobmachine/index.ts'
import { addUser } from '../../users/index.ts'
import { orderSums } from '../index.ts'
import { rowsOf, sample } from './shop.ts'

/** What a worker thread does for the demo site. */
let site: TestSite
let staff: Visitor

beforeAll(async () => {
  site = await createTestSite({ dir: fileURLToPath(new URL('site/', import.meta.url)) })
  await addUser(site.djet, { login: 'clerk', password: 'correct horse battery', roles: ['staff'] })
  staff = await (await site.visitor()).login('clerk', 'correct horse battery')
})
afterAll(() => site.close())

async function importFiles(orders: string, details: string): Promise<Outcome & { page: string }> {
  const form = new FormData()
  form.set('orders', new File([orders], 'orders.csv', { type: 'text/csv' }))
  form.set('details', new File([details], 'order_details.csv', { type: 'text/csv' }))
  const { location } = await staff.post('/orders/import/orders', form)
  const page = location ?? ''
  return { ...(await waitFor(site.djet, Number(page.split('/').at(-1)), { timeout: '60s' })), page }
}

test('the demo is seeded with all of Northwind', async () => {
  expect(await orderSums(site.djet, {})).toEqual({
    count: 830,
    linesTotal: '1265793.29',
    freight: '64942.69',
    total: '1330735.98',
  })
  const guest = await site.visitor()
  expect((await guest.get('/')).text).toContain('href="/orders/import"')
  expect((await guest.get('/products')).text).toContain('href="/products/meat-poultry"')
})

test('the files of the demo, uploaded again, change nothing', async () => {
  const { status, results } = await importFiles(sample('orders.csv'), sample('order_details.csv'))
  expect(status).toBe('finished')
  expect(results).toEqual([
    expect.objectContaining({
      message: 'Nothing changed: 830 orders already there, as in the files.',
      read: 2985,
      created: 0,
      updated: 0,
      unchanged: 830,
      rejected: 0,
    }),
  ])
})

test('staff start the import from the jobs page too, with the files', async () => {
  expect((await staff.get('/jobs/start')).text).toContain('Reads orders and their lines from two CSV files.')
  const form = new FormData()
  form.set('params/orders', new File([sample('orders.csv')], 'orders.csv', { type: 'text/csv' }))
  form.set('params/details', new File([sample('order_details.csv')], 'lines.csv', { type: 'text/csv' }))
  form.set('params/dryRun', 'true')
  form.set('params/onError', 'stop')
  const { location } = await staff.post('/jobs/start/sales-order.importOrders', form)
  const { status, results } = await waitFor(site.djet, Number(location?.split('/').at(-1)), {
    timeout: '60s',
  })
  expect(status).toBe('finished')
  expect(results.at(-1)).toMatchObject({ unchanged: 830, rejected: 0 })
})

test('a file with a mistake gives a report to download from the page of the task', async () => {
  const orders = sample('orders.csv').replace('10250,HANAR', '10250,NOBOD')
  const { status, results, page } = await importFiles(orders, sample('order_details.csv'))
  expect(status).toBe('finished')
  expect(results.at(-1)).toMatchObject({ unchanged: 829, rejected: 4 })
  const href =
    /href="([^"]*\/result\/\d+)"[^>]*>rejected-rows\.csv/.exec((await staff.get(page)).text)?.[1] ?? ''
  const report = await staff.get(href)
  expect(report.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(report.headers.get('content-disposition')).toContain('filename="rejected-rows.csv"')
  expect(rowsOf(report.text)[0]).toMatchObject({
    file: 'orders.csv',
    line: '4',
    key: '10250',
    reason: 'customer_id NOBOD is unknown: import the customers first',
  })
})

test('a file that cannot be used fails at once, with the reason in words', async () => {
  const { status, error } = await importFiles(sample('orders.csv'), `${sample('order_details.csv')}10248,"`)
  expect(status).toBe('failed')
  expect(error).toMatch(
    /order_details\.csv: a quotation mark opened in line 2157 or behind it is never closed/,
  )
})

test('all open orders get their invoice, one task each', async () => {
  const { location } = await staff.post('/orders/invoice-open', {})
  const outcome = await waitFor(site.djet, Number(location?.split('/').at(-1)), { timeout: '60s' })
  expect(outcome).toMatchObject({ status: 'finished', results: [{ tasks: 21, finished: 21, failed: 0 }] })
  const rows = await site.djet.query('select number from sales_order.invoice order by number')
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 21 }, (_, i) => i + 1))
  await staff.post('/orders/invoice-open', {})
  expect((await staff.get('/orders')).text).toContain('All open orders have their invoice already.')
})
