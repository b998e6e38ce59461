import { buffer } from 'node:stream/consumers'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestSite } from '../../../test/site.ts'
import { exportOrders, importCustomers, importOrders, orderList, readFilter } from '../index.ts'
import { csvRows, safeCell } from '../model/csv.ts'
import { customersCsv, detailsCsv, file, fillShop, openShop, ordersCsv, rowsOf, textOf } from './shop.ts'

let site: TestSite

beforeAll(async () => {
  site = await openShop()
  const { djet } = site
  await fillShop(djet)
  await importCustomers(djet, { customers: await file(djet, 'c.csv', customersCsv(['EVIL,=cmd|calc'])) })
  const address = '3,5.00,Alfreds,Main St. 1,Berlin,,12209,Germany'
  await importOrders(djet, {
    orders: await file(
      djet,
      'orders.csv',
      ordersCsv(['1,ALFKI', '2,VINET', '3,EVIL', `4,ALFKI,5,1996-07-04,1996-08-01,1996-07-09,${address}`]),
    ),
    details: await file(
      djet,
      'd.csv',
      detailsCsv([1, 2, 3, 4].map((number) => `${number},1,18.00,${number},0`)),
    ),
  })
})
afterAll(() => site.close())

test('a CSV export has the filtered orders, newest first, with their amounts', async () => {
  const stored = await exportOrders(site.djet, { customer: 'ALFKI', format: 'csv' })
  expect(stored).toMatchObject({ name: 'orders-ALFKI.csv', type: 'text/csv; charset=utf-8' })
  const text = await textOf(site.djet, stored.id)
  expect(text.charAt(0)).toBe('\ufeff')
  expect(rowsOf(text).map(({ Order, State, Shipped, Total }) => [Order, State, Shipped, Total])).toEqual([
    ['4', 'Shipped', '1996-07-09', '77.00'],
    ['1', 'Open', '', '23.00'],
  ])
})

test('a name that looks like a formula is made harmless in CSV', async () => {
  const stored = await exportOrders(site.djet, { customer: 'EVIL', format: 'csv' })
  expect(rowsOf(await textOf(site.djet, stored.id))[0]?.Name).toBe("'=cmd|calc")
})

test('an XLSX export has real numbers and days', async () => {
  const stored = await exportOrders(site.djet, { state: 'shipped', format: 'xlsx' })
  expect(stored.name).toBe('orders-shipped.xlsx')
  const sheet = unzipped(await buffer(await site.djet.files.read(stored.id)), 'xl/worksheets/sheet1.xml')
  expect(sheet.match(/<row /g)).toHaveLength(2)
  expect(sheet).toContain('<v>77</v>')
  // 35255 is the day 1996-07-09, counted as spreadsheets do.
  expect(sheet).toContain('<v>35255</v>')
})

test('an empty export has its header only', async () => {
  const stored = await exportOrders(site.djet, { state: 'cancelled', format: 'csv' })
  expect((await textOf(site.djet, stored.id)).trim().split('\n')).toHaveLength(1)
})

test('numbers stay numbers, texts that begin like a formula get an apostrophe', () => {
  expect(['-5.00', '+49', '-5', '=1', '@a', '+a', '-a', '\tx', ' =1', 'a=1', ''].map(safeCell)).toEqual([
    '-5.00',
    '+49',
    '-5',
    "'=1",
    "'@a",
    "'+a",
    "'-a",
    "'\tx",
    "' =1",
    'a=1',
    '',
  ])
  expect(csvRows([[1, 'a "b"', null]])).toBe('1,"a ""b""",\r\n')
})

test('the list is paged by key, newest first', async () => {
  const first = await orderList(site.djet, {}, { limit: 3 })
  expect(first.items.map(({ number }) => number)).toEqual([4, 3, 2])
  const second = await orderList(site.djet, {}, { limit: 3, before: first.next ?? '' })
  expect(second.items.map(({ number }) => number)).toEqual([1])
  expect(second.next).toBeNull()
})

test('a filter in a URL is checked', () => {
  expect(readFilter({ state: 'open', customer: ' alfki ', page: '2' })).toEqual({
    state: 'open',
    customer: 'ALFKI',
  })
  expect(readFilter({ state: '', customer: '' })).toEqual({})
  expect(() => readFilter({ state: 'lost' })).toThrow(/no state 'lost'/)
})

/** The text of one file in a ZIP archive. */
function unzipped(archive: Buffer, name: string): string {
  const at = archive.indexOf(name)
  const header = at - 30
  const extra = archive.readUInt16LE(header + 28)
  return inflateRawSync(archive.subarray(at + name.length + extra)).toString('utf8')
}
