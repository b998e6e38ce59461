import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestSite } from '../../../test/site.ts'
import type { TaskHandle } from '../../jobmachine/index.ts'
import {
  cancel,
  importOrders,
  invoice,
  invoiceFile,
  invoiceOf,
  openWithoutInvoice,
  order as orderType,
} from '../index.ts'
import { invoicePdf } from '../model/invoice-pdf.ts'
import { percent } from '../model/order-lines.ts'
import { printable } from '../model/printable.ts'
import { pdfText } from './pdf-text.ts'
import { detailsCsv, file, fillShop, openShop, ordersCsv } from './shop.ts'

let site: TestSite
const idOf = async (number: number) => (await site.djet.nodes.require(`/orders/${number}`)).id

beforeAll(async () => {
  site = await openShop(['en', 'da', 'it'])
  const { djet } = site
  await fillShop(djet)
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8]
  await importOrders(djet, {
    orders: await file(djet, 'orders.csv', ordersCsv(numbers.map((number) => `${number},ALFKI`))),
    details: await file(djet, 'd.csv', detailsCsv(numbers.map((number) => `${number},1,18.00,2,0.15`))),
  })
})
afterAll(() => site.close())

test('an invoice is a PDF with its number, kept as it was issued', async () => {
  const { djet } = site
  const first = await invoice(djet, { orderId: await idOf(1) })
  expect(first).toMatchObject({ number: 1, orderNumber: '1', total: '35.60' })
  const stored = await invoiceFile(djet, first)
  expect(stored).toMatchObject({ name: 'invoice-1.pdf', type: 'application/pdf' })
  const pdf = await buffer(await djet.files.read(first.fileId))
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
  expect(pdf.toString('latin1')).toContain('(Invoice 1)')
  expect(await invoice(djet, { orderId: await idOf(1) })).toEqual(first)
})

test.each([
  [
    'da',
    [
      'Faktura 1234',
      'Fakturadato',
      '05.03.2026',
      'Antal',
      'Stykpris',
      '1.234,50',
      '12,5 %',
      'I alt',
      '2.160,38',
    ],
    'Faktura 1234, side 1 af 1',
  ],
  [
    'it',
    [
      'Fattura 1234',
      'Data della fattura',
      '05/03/2026',
      'Quantità',
      'Prezzo',
      'unitario',
      '1.234,50',
      '12,5 %',
      'Totale',
    ],
    'Fattura 1234, pagina 1 di 1',
  ],
])('an invoice in %s has the words, dates and amounts of that language', async (language, texts, foot) => {
  const amounts = { linesTotal: '2160.38', freight: '0.00', total: '2160.38' }
  const line = { product: 1, title: null, path: null, unit: null, quantity: 2, unitPrice: '1234.50' }
  const pdf = await invoicePdf({
    ...amounts,
    number: 1234,
    issued: '2026-03-05',
    seller: 'Shop',
    order: await site.djet.nodes.require('/orders/1', orderType),
    customer: null,
    lines: [{ ...line, discount: '0.1250', amount: '2160.38' }],
    texts: site.app.languages.texts(language),
  })
  const lines = pdfText(pdf)
    .split('\n')
    .map((text) => text.trim())
  for (const text of [...texts, foot]) expect(lines).toContain(text)
  expect(lines.join()).not.toMatch(/Invoice|Order|Quantity|Product|Total\b|1,234|2026-/)
})

test('invoices asked for at once get numbers without gaps, one an order', async () => {
  const { djet } = site
  const ids = await Promise.all([2, 3, 4, 5].map(idOf))
  const invoices = await Promise.all([...ids, ...ids].map((orderId) => invoice(djet, { orderId })))
  expect(invoices.slice(4)).toEqual(invoices.slice(0, 4))
  expect(
    invoices
      .slice(0, 4)
      .map(({ number }) => number)
      .sort(),
  ).toEqual([2, 3, 4, 5])
})

test('an invoice that fails leaves no gap', async () => {
  const { djet } = site
  const orderId = await idOf(6)
  await expect(
    djet.transaction(async (djet) => {
      await invoice(djet, { orderId })
      throw new Error('afterwards')
    }),
  ).rejects.toThrow('afterwards')
  expect((await invoice(djet, { orderId })).number).toBe(6)
})

test('a cancelled order gets no invoice', async () => {
  const { djet } = site
  const orderId = await idOf(7)
  await cancel(djet, { orderId })
  await expect(invoice(djet, { orderId })).rejects.toMatchObject({ code: 'ORDER_CANCELLED', status: 409 })
})

test('open orders without an invoice are found', async () => {
  expect(await openWithoutInvoice(site.djet)).toEqual([{ orderId: await idOf(8), orderNumber: 8 }])
})

test('an order that has an invoice cannot be deleted, nor a node above it', async () => {
  const { djet } = site
  const guarded = {
    code: 'NODE_GUARDED',
    status: 409,
    message: expect.stringMatching(/^order \d+ has invoice \d+ and cannot be deleted any more\.$/),
  }
  await expect(djet.nodes.delete(await idOf(1))).rejects.toMatchObject({
    ...guarded,
    message: 'order 1 has invoice 1 and cannot be deleted any more.',
  })
  await expect(djet.nodes.delete('/orders')).rejects.toMatchObject(guarded)
  expect(await djet.nodes.get('/orders/8')).not.toBeNull()
  expect((await invoiceOf(djet, await idOf(1)))?.number).toBe(1)
  await djet.nodes.delete(await idOf(8))
})

test('in a task the PDF is a file of the task', async () => {
  const { djet } = site
  const files: string[] = []
  const task: Pick<TaskHandle, 'file'> = {
    async file(name, type, content) {
      files.push(name)
      return djet.files.write({ name, type, content: content as Readable })
    },
  }
  const { number } = await invoice(site.app.scope({ add: { task: task as TaskHandle } }), {
    orderId: await idOf(2),
  })
  expect(files).toEqual([`invoice-${number}.pdf`])
})

test('letters the fonts of PDF do not have lose their accent', () => {
  expect(printable('Łódź, Győr, Århus, €')).toBe('Lódz, Gyor, Århus, €')
  expect(printable('Αθήνα')).toBe('?????')
})

test('discounts are shown in per cent', () => {
  expect(['0.0000', '0.1500', '0.1250', '1.0000', '0.0500'].map(percent)).toEqual([
    '0',
    '15',
    '12.5',
    '100',
    '5',
  ])
})
