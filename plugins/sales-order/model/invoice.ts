import { type Djet, DjetError, type StoredFile } from '../../../core/index.ts'
import type { Customer, Order } from '../basetypes.ts'
import { invoicePdf } from './invoice-pdf.ts'
import { lockOrder, type OrderRef } from './order.ts'
import { orderLines } from './order-lines.ts'

/** An invoice that has been issued. */
export interface Invoice {
  /** Its number: counted from 1, without gaps. */
  readonly number: number
  readonly orderNumber: string
  /** Lines and freight, decimal text. */
  readonly total: string
  /** Day it was issued, `YYYY-MM-DD`. */
  readonly issued: string
  /** Id of the stored PDF. */
  readonly fileId: string
}

/**
 * Gives the invoice of an order, issuing it the first time: it gets its number and its PDF then, and both stay as
 * they are. In a task the PDF is a file result as well.
 *
 * @throws {DjetError} ORDER_CANCELLED, ORDER_WITHOUT_LINES (409), NODE_NOT_FOUND (404), ACCESS_DENIED
 */
export async function invoice(djet: Djet, { orderId }: OrderRef): Promise<Invoice> {
  const invoice = await djet.transaction(async (djet) => {
    const order = await lockOrder(djet, orderId)
    return (await invoiceOf(djet, orderId)) ?? issue(djet, order)
  })
  if (djet.task !== undefined) {
    const file = await invoiceFile(djet, invoice)
    await djet.task.file(file.name, file.type, await djet.files.read(file.id))
  }
  return invoice
}

/** The invoice an order has, or null. */
export async function invoiceOf(djet: Djet, orderId: number): Promise<Invoice | null> {
  const [row] = await djet.query<Invoice>(
    `select number, order_number as "orderNumber", total, issued, file_id as "fileId"
     from sales_order.invoice where node_id = $1`,
    [orderId],
  )
  return row ?? null
}

/** The stored PDF of an invoice. @throws {DjetError} FILE_NOT_FOUND (404) */
export async function invoiceFile(djet: Djet, invoice: Invoice): Promise<StoredFile> {
  const file = await djet.files.get(invoice.fileId)
  if (file !== null) return file
  throw new DjetError('FILE_NOT_FOUND', `the PDF of invoice ${invoice.number} is gone`, { status: 404 })
}

async function issue(djet: Djet, order: Order): Promise<Invoice> {
  const { number: orderNumber, state, total, linesTotal, freight } = order.data
  if (state === 'cancelled') {
    throw new DjetError('ORDER_CANCELLED', `order ${orderNumber} is cancelled and gets no invoice`, {
      status: 409,
    })
  }
  const lines = await orderLines(djet, order.id)
  if (lines.length === 0) {
    throw new DjetError('ORDER_WITHOUT_LINES', `order ${orderNumber} has no lines to invoice`, {
      status: 409,
    })
  }
  const customer = await customerOf(djet, order)
  // The counter's row stays locked until this transaction ends, so that a number is never lost.
  const [counter] = await djet.query<{ last: number }>(
    'update sales_order.invoice_counter set last = last + 1 returning last',
  )
  const number = counter?.last ?? 0
  const issued = djet.app.zone.day(Date.now())
  const seller = djet.config.site.title
  // In the language of the seller, whoever had it made.
  const texts = djet.app.languages.texts()
  const content = { number, issued, seller, order, customer, lines, linesTotal, freight, total, texts }
  const pdf = await invoicePdf(content)
  const file = await djet.files.write({
    name: `invoice-${number}.pdf`,
    type: 'application/pdf',
    content: pdf,
  })
  await djet.files.keep(file.id)
  await djet.query(
    `insert into sales_order.invoice (number, node_id, order_number, customer, total, issued, file_id, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [number, order.id, orderNumber, order.data.customer, total, issued, file.id, djet.user?.login ?? null],
  )
  return { number, orderNumber: String(orderNumber), total, issued, fileId: file.id }
}

/** The customer of an order, or null when it is no longer there. */
export async function customerOf(
  djet: Djet,
  order: Order,
): Promise<Pick<Customer, 'path' | 'title' | 'data'> | null> {
  const [row] = await djet.query<Pick<Customer, 'path' | 'title' | 'data'>>(
    "select path, title, data from djet.node where basetype = 'customer' and data ->> 'number' = $1",
    [order.data.customer],
  )
  return row ?? null
}
