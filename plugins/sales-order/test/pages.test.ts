import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { addUser } from '../../users/index.ts'
import { exportOrders, importCustomers, importOrders, readFilter } from '../index.ts'
import { customersCsv, detailsCsv, file, fillShop, openShop, ordersCsv } from './shop.ts'

let site: TestSite
let guest: Visitor
let staff: Visitor

beforeAll(async () => {
  site = await openShop()
  const { djet } = site
  await fillShop(djet)
  const numbers = [1, 2, 3, 4, 5, 6]
  await importOrders(djet, {
    orders: await file(
      djet,
      'orders.csv',
      ordersCsv(numbers.map((n) => `${n},${n % 2 ? 'ALFKI' : 'VINET'}`)),
    ),
    details: await file(djet, 'd.csv', detailsCsv(numbers.map((n) => `${n},1,18.00,${n},0`))),
  })
  await addUser(djet, { login: 'clerk', password: 'correct horse battery', roles: ['staff'] })
  guest = await site.visitor()
  staff = await (await site.visitor()).login('clerk', 'correct horse battery')
})
afterAll(() => site.close())

describe('a visitor', () => {
  test('sees the catalogue, a category with its products and a product', async () => {
    expect((await guest.get('/products')).text).toContain('href="/products/beverages"')
    expect((await guest.get('/products/beverages')).text).toMatch(/Chang[\s\S]*19\.00/)
    expect((await guest.get('/products/beverages/chai')).text).toContain('<h1>Chai</h1>')
  })

  test.each([
    '/customers',
    '/customers/ALFKI',
    '/orders',
    '/orders/1',
    '/orders/import',
    '/orders/export?format=csv',
  ])('is sent to log in from %s', async (path) => {
    const answer = await guest.get(path)
    expect(answer.status).toBe(303)
    expect(answer.location).toMatch(/^\/login\?/)
  })

  test('gets nothing of an order as JSON, and its node is not there for him', async () => {
    const answer = await guest.get('/orders/1', { accept: 'application/json' })
    expect(answer.status).toBe(401)
    expect(answer.text).not.toContain('ALFKI')
    expect(await site.app.scope({ user: null }).nodes.get('/orders/1')).toBeNull()
  })

  test('can neither import nor export', async () => {
    const djet = site.app.scope({ user: null })
    const customers = await file(site.djet, 'customers.csv', customersCsv(['EVIL,Evil']))
    await expect(importCustomers(djet, { customers })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      status: 401,
    })
    await expect(exportOrders(djet, { format: 'csv' })).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  })

  test('cannot confirm an order', async () => {
    expect((await guest.post('/orders/1/confirm', {})).status).not.toBe(200)
    expect((await site.djet.nodes.require('/orders/1')).data.state).toBe('open')
  })
})

describe('staff', () => {
  test('see the list of orders, filter it and page through it', async () => {
    const all = await staff.json<{ orders: { number: number }[]; sums: unknown; next: string | null }>(
      '/orders',
    )
    expect(all.orders.map(({ number }) => number)).toEqual([6, 5, 4, 3, 2, 1])
    expect(all.sums).toEqual({ count: 6, linesTotal: '378.00', freight: '30.00', total: '408.00' })
    const page = await staff.json<typeof all>('/orders?customer=alfki&limit=2')
    expect(page.orders.map(({ number }) => number)).toEqual([5, 3])
    expect(page.next).toBe('/orders?customer=alfki&limit=2&before=3')
    const html = (await staff.get('/orders?customer=ALFKI&limit=2')).text
    expect(html).toContain('href="/orders?customer=ALFKI&amp;limit=2&amp;before=3"')
    expect(html).toContain('177.00')
  })

  test('follow both lists of a page in JSON to their ends', async () => {
    interface Listing {
      orders: { number: number }[]
      next: string | null
      children: { items: { path: string }[]; next: string | null }
    }
    const follow = async (from: string, next: (page: Listing) => string | null): Promise<Listing[]> => {
      const pages: Listing[] = []
      for (let url: string | null = from; url !== null; ) {
        const page: Listing = await staff.json<Listing>(url)
        pages.push(page)
        url = next(page)
      }
      return pages
    }
    const numbers = (pages: Listing[]) => pages.flatMap(({ orders }) => orders.map(({ number }) => number))
    expect(numbers(await follow('/orders?limit=2', ({ next }) => next))).toEqual([6, 5, 4, 3, 2, 1])
    expect(numbers(await follow('/customers/VINET?limit=1', ({ next }) => next))).toEqual([6, 4, 2])
    const pages = await follow('/orders?limit=2', ({ children }) => children.next)
    expect(pages.flatMap(({ children }) => children.items).length).toBe(7)
    const second = await staff.json<Listing>((await follow('/orders?limit=5', () => null))[0]?.next ?? '')
    expect(await staff.json<Listing>(second.children.next ?? '')).toMatchObject({
      orders: [{ number: 1 }],
      children: { items: [{}, {}], next: null },
    })
    const html = (await staff.get('/customers/VINET?limit=1&before=6')).text
    expect(html).toContain('href="/customers/VINET?limit=1"')
    expect(html).toContain('href="/customers/VINET?limit=1&amp;before=4"')
  })

  test.each([
    '/orders?state=lost',
    '/orders?state=%00',
    '/orders?state=constructor',
    '/orders?before=x',
    '/orders?before=%00',
    '/orders?before=-1',
    '/orders?before=2147483648',
    '/orders?limit=0',
    '/orders?limit=',
    '/orders?limit=%00',
    '/orders?limit=1.5',
    '/orders?limit=1001',
    '/customers/ALFKI?limit=0',
    '/customers/ALFKI?before=x',
    '/orders?customer=%00',
    '/orders?customer=A%1FB',
    `/orders?customer=${'A'.repeat(101)}`,
    '/orders/export?customer=%00',
    '/orders/export?format=doc',
    '/orders/export?format=%00',
  ])('are told that %s is not possible', async (path) => {
    expect((await staff.get(path)).status).toBe(400)
  })

  test('are told so in words without control characters', async () => {
    const answer = await staff.get('/orders/export?format=csv&customer=A%00B', { accept: 'application/json' })
    expect(answer.json()).toEqual({
      error: { code: 'ORDER_FILTER', message: expect.stringMatching(/^'A\?B' cannot be the number/) },
    })
    expect(() => readFilter({ customer: '\ud800' })).toThrow("'?' cannot be the number of a customer")
  })

  test('see an order with its lines and amounts', async () => {
    const html = (await staff.get('/orders/2')).text
    expect(html).toContain('<h1>Order 2')
    expect(html).toContain('href="/customers/VINET"')
    expect(html).toMatch(/Chai[\s\S]*18\.00[\s\S]*36\.00[\s\S]*Freight[\s\S]*5\.00[\s\S]*41\.00/)
    const json = await staff.json<{ lines: unknown[]; data: unknown }>('/orders/2')
    expect(json.lines).toMatchObject([{ product: 1, quantity: 2, unitPrice: '18.00', amount: '36.00' }])
    expect(json.data).toMatchObject({ total: '41.00' })
  })

  test('see a customer with his orders', async () => {
    const html = (await staff.get('/customers/ALFKI')).text
    expect(html).toContain('Main St. 1')
    expect(html).toContain('href="/orders/5"')
    expect(html).not.toContain('href="/orders/4"')
  })

  test('confirm and ship an order once, and are told when it is too late', async () => {
    expect(await staff.post('/orders/3/confirm', {})).toMatchObject({ status: 303, location: '/orders/3' })
    expect((await staff.get('/orders/3')).text).toContain('Order 3 is confirmed.')
    await staff.post('/orders/3/ship', {})
    await staff.post('/orders/3/cancel', {})
    expect((await staff.get('/orders/3')).text).toContain(
      'Order 3 is shipped and cannot become cancelled any more.',
    )
    const json = await staff.post('/orders/3/cancel', {}, { headers: { accept: 'application/json' } })
    expect(json.status).toBe(409)
    expect(json.json()).toMatchObject({ error: { code: 'ORDER_STATE' } })
  })

  test('get an invoice as PDF at once', async () => {
    const answer = await staff.post('/orders/1/invoice', {})
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/pdf')
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="invoice-1.pdf"')
    expect(answer.text.slice(0, 5)).toBe('%PDF-')
  })

  test('cannot delete an order that has its invoice', async () => {
    const answer = await staff.post('/orders/1/-/delete', {})
    expect(answer.status).toBe(409)
    expect(answer.text).toMatch(/order 1 has invoice 1 and cannot be deleted any more\./i)
    expect((await staff.get('/orders/1')).status).toBe(200)
    const question = await staff.get('/orders/1/-/delete')
    expect(question.text).toContain('Order 1 has invoice 1 and cannot be deleted any more.')
    expect(question.text).not.toContain('name="told"')
  })

  test('send an invoice to the background', async () => {
    const { status, location } = await staff.post('/orders/2/invoice-task', {})
    expect(status).toBe(303)
    expect(location).toMatch(/^\/jobs\/task\/\d+$/)
  })

  test('send one task an order for all open orders without invoice', async () => {
    const { status, location } = await staff.post('/orders/invoice-open', {})
    expect(status).toBe(303)
    const parent = Number(location?.split('/').at(-1))
    const tasks = await site.djet.query<{ parameters: string }>(
      'select parameters from jobmachine.task where parent_id = $1 order by task_id',
      [parent],
    )
    const ids = await Promise.all(
      [2, 4, 5, 6].map(async (n) => (await site.djet.nodes.require(`/orders/${n}`)).id),
    )
    expect(tasks.map(({ parameters }) => JSON.parse(parameters).orderId)).toEqual(ids)
  })

  test('download the filtered orders as CSV and XLSX', async () => {
    const csv = await staff.get('/orders/export?format=csv&customer=VINET')
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="orders-VINET.csv"')
    expect(csv.text.trim().split('\r\n')).toHaveLength(4)
    const xlsx = await staff.get('/orders/export?format=xlsx&state=open')
    expect(xlsx.headers.get('content-disposition')).toBe('attachment; filename="orders-open.xlsx"')
    expect(xlsx.text.slice(0, 2)).toBe('PK')
  })
})

test.each(['/orders', '/orders/4', '/orders/import', '/customers/ALFKI'])(
  'every button and input of %s says its type',
  async (path) => {
    const { text } = await staff.get(path)
    const tags = text.match(/<(?:button|input)\b[^>]*>/g) ?? []
    expect(tags).not.toEqual([])
    expect(tags.filter((tag) => !tag.includes(' type="'))).toEqual([])
  },
)

test('orders are not made by the generic form', async () => {
  expect((await staff.get('/orders/-/new/order')).status).toBe(404)
  expect((await staff.post('/orders/-/new/order', { name: 'x' })).status).toBe(404)
})

describe('the import page', () => {
  const form = (
    files: Record<string, [name: string, text: string]>,
    fields: Record<string, string> = {},
  ): FormData => {
    const data = new FormData()
    for (const [name, value] of Object.entries(fields)) data.set(name, value)
    for (const [field, [name, text]] of Object.entries(files)) {
      data.set(field, new File([text], name, { type: 'text/csv' }))
    }
    return data
  }
  const uploads = async () =>
    (await site.djet.query<{ n: number }>("select count(*) as n from djet.node where basetype = 'upload'"))[0]
      ?.n

  test('makes a node of each file and sends the job', async () => {
    const answer = await staff.post(
      '/orders/import/orders',
      form(
        {
          orders: ['orders.csv', ordersCsv(['9,ALFKI'])],
          details: ['order_details.csv', detailsCsv(['9,1,1.00,1,0'])],
        },
        { dryRun: '1', onError: 'stop' },
      ),
    )
    expect(answer.status).toBe(303)
    const [task] = await site.djet.query<{ parameters: string }>(
      'select parameters from jobmachine.task where task_id = $1',
      [Number(answer.location?.split('/').at(-1))],
    )
    const params = JSON.parse(task?.parameters ?? '{}')
    expect(params).toMatchObject({ dryRun: true, onError: 'stop' })
    const { items } = await site.djet.nodes.children('/orders/import')
    expect(items.map(({ name, data }) => [name, data.file]).sort()).toEqual([
      ['order_details.csv', params.details],
      ['orders.csv', params.orders],
    ])
    expect((await staff.get('/orders/import')).text).toContain('order_details.csv')
  })

  test('comes back with a message at the field when a file is missing', async () => {
    const before = await uploads()
    const answer = await staff.post(
      '/orders/import/orders',
      form({ orders: ['orders.csv', ordersCsv(['9,ALFKI'])] }, { onError: 'stop' }),
    )
    expect(answer.status).toBe(422)
    expect(answer.text).toMatch(/id="orders-details-error">Choose a file\./)
    expect(answer.text).toMatch(/value="stop" checked/)
    expect(answer.text).toContain('<title>Import files – ')
    const crumbs = /<nav class="breadcrumbs"[\s\S]*?<\/nav>/.exec(answer.text)?.[0] ?? ''
    expect(crumbs.match(/Import/g)).toHaveLength(1)
    expect(crumbs).toContain('<span aria-current="page">Import</span>')
    expect(await uploads()).toBe(before)
  })

  test('tells programs what is wrong in the JSON of errors', async () => {
    const posting = { headers: { accept: 'application/json' } }
    const files = { orders: ['customers.csv', customersCsv([])] } satisfies Record<string, [string, string]>
    const answer = await staff.post('/orders/import/orders', form(files), posting)
    expect(answer.status).toBe(422)
    expect(answer.json()).toEqual({
      error: {
        code: 'FORM_INVALID',
        message: 'nothing was imported.',
        fields: { orders: expect.stringContaining('customers.csv'), details: 'Choose a file.' },
      },
    })
    const large = 'x'.repeat(101 * 1024 * 1024)
    const refused = await staff.post(
      '/orders/import/customers',
      form({ customers: ['customers.csv', large] }),
      posting,
    )
    expect(refused.status).toBe(413)
    expect(refused.json()).toMatchObject({ error: { code: 'UPLOAD_TOO_LARGE', fields: {} } })
  })

  test('is linked from the orders wherever it stands', async () => {
    const { nodes } = site.djet
    await nodes.update('/orders/import', { part: 'files & more' })
    expect((await staff.get('/orders')).text).toContain('href="/orders/files%20&amp;%20more">Import</a>')
    await nodes.update('/orders/files & more', { part: 'import' })
    expect((await staff.get('/orders')).text).toContain('href="/orders/import">Import</a>')
  })

  test('says so when the files were taken for one another', async () => {
    const answer = await staff.post(
      '/orders/import/customers',
      form({ customers: ['orders.csv', ordersCsv(['9,ALFKI'])] }),
    )
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('orders.csv: this looks like a file of orders, not of customers.')
  })

  test('refuses a file that is too large with 413, beside its field', async () => {
    const large = `${customersCsv([])}${'x'.repeat(101 * 1024 * 1024)}`
    const answer = await staff.post('/orders/import/customers', form({ customers: ['customers.csv', large] }))
    expect(answer.status).toBe(413)
    expect(answer.text).toMatch(/id="customers-customers-error">customers\.csv is larger than 100 MB/)
  })
})
