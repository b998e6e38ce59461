import { afterAll, beforeAll, expect, test } from 'vitest'
import { page } from '../../../core/index.ts'
import type { TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { addUser } from '../../users/index.ts'
import { importOrders } from '../index.ts'
import { detailsCsv, file, fillShop, openShop, ordersCsv } from './shop.ts'

let site: TestSite
let staff: Visitor

/** Parts that stand otherwise in a URL, in HTML, or in both. */
const odd = ['what?', 'a#b', '%41', 'Bücher & mehr', '"quoted"']

beforeAll(async () => {
  site = await openShop()
  const { djet } = site
  await fillShop(djet)
  await importOrders(djet, {
    orders: await file(djet, 'orders.csv', ordersCsv(['1,ALFKI'])),
    details: await file(djet, 'd.csv', detailsCsv(['1,1,18.00,1,0'])),
  })
  await addUser(djet, { login: 'boss', password: 'correct horse battery', roles: ['admin'] })
  staff = await (await site.visitor()).login('boss', 'correct horse battery')
})
afterAll(() => site.close())

/** Where the links with this text lead to. */
async function followed(from: string, text: string): Promise<string[]> {
  const { text: html } = await staff.get(from)
  const main = html.slice(html.indexOf('<main'))
  const links = [...main.matchAll(/<a href="([^"]*)">([^<]*)<\/a>/g)].filter(([, , title]) => title === text)
  expect(links, `links '${text}' at ${from}`).not.toEqual([])
  const hrefs = links.map(([, href = '']) => href.replaceAll('&amp;', '&').replaceAll('&quot;', '"'))
  return Promise.all(
    hrefs.map(async (href) => (await staff.json<{ path?: string }>(href)).path ?? `nothing at ${href}`),
  )
}

test.each(odd)('links lead to nodes whose part is %s', async (part) => {
  const { djet } = site
  const { path } = await djet.nodes.insert('/', { basetype: page, part, name: 'Odd' })
  expect(await followed('/', 'Odd')).toEqual([path])
  await djet.nodes.delete(path)

  await djet.nodes.update('/products/beverages', { part })
  expect(await followed('/products', 'Beverages')).toEqual([`/products/${part}`])
  await djet.nodes.update(`/products/${part}/chai`, { part })
  const chai = `/products/${part}/${part}`
  const category = `/products/${encodeURIComponent(part)}`
  expect(await followed(category, 'Chai')).toEqual([chai])
  expect(await followed(`${category}/${encodeURIComponent(part)}`, 'Beverages')).toEqual([
    `/products/${part}`,
  ])
  expect(await followed('/orders/1', 'Chai')).toEqual([chai])
  await djet.nodes.update(chai, { part: 'chai' })
  await djet.nodes.update(`/products/${part}`, { part: 'beverages' })

  await djet.nodes.update('/customers/ALFKI', { part })
  for (const from of ['/customers', '/orders', '/orders/1']) {
    expect(await followed(from, 'Alfreds')).toEqual([`/customers/${part}`])
  }
  await djet.nodes.update(`/customers/${part}`, { part: 'ALFKI' })

  await djet.nodes.update('/users/boss', { part })
  expect(await followed('/users', 'boss')).toEqual([`/users/${part}`])
  await djet.nodes.update(`/users/${part}`, { part: 'boss' })
})

test('an action leads back to an order with an odd address', async () => {
  const { djet } = site
  await djet.nodes.update('/orders/1', { part: 'what?' })
  expect(await staff.post('/orders/what%3F/confirm', {})).toMatchObject({
    status: 303,
    location: '/orders/what%3F',
  })
  await djet.nodes.update('/orders/what?', { part: '1' })
})
