import { Readable } from 'node:stream'
import type { SheetData } from 'write-excel-file/node'
import { type Djet, DjetError, type StoredFile } from '../../../core/index.ts'
import { orderStates } from '../basetypes.ts'
import { csvRows } from './csv.ts'
import { deliver } from './deliver.ts'
import { type OrderFilter, type OrderRow, orderList } from './order-list.ts'

export type ExportFormat = 'xlsx' | 'csv'

export interface ExportOrders extends OrderFilter {
  format: ExportFormat
}

/** Orders fetched at once. */
const BATCH = 1_000
/** What a sheet of Excel can hold, less the header. */
const LARGEST_SHEET = 1_048_575

type Kind = 'whole' | 'text' | 'day' | 'amount'

const columns: readonly {
  title: string
  width: number
  kind: Kind
  value(row: OrderRow): string | number | null
}[] = [
  { title: 'Order', width: 10, kind: 'whole', value: (row) => row.number },
  { title: 'Customer', width: 10, kind: 'text', value: (row) => row.customer },
  { title: 'Name', width: 34, kind: 'text', value: (row) => row.customerName },
  { title: 'State', width: 12, kind: 'text', value: (row) => orderStates[row.state] },
  { title: 'Placed', width: 12, kind: 'day', value: (row) => row.placed },
  { title: 'Wanted by', width: 12, kind: 'day', value: (row) => row.required },
  { title: 'Shipped', width: 12, kind: 'day', value: (row) => row.shipped },
  { title: 'Lines', width: 14, kind: 'amount', value: (row) => row.linesTotal },
  { title: 'Freight', width: 12, kind: 'amount', value: (row) => row.freight },
  { title: 'Total', width: 14, kind: 'amount', value: (row) => row.total },
  { title: 'Ship to', width: 18, kind: 'text', value: (row) => row.shipCity },
  { title: 'Country', width: 14, kind: 'text', value: (row) => row.shipCountry },
  { title: 'Invoice', width: 10, kind: 'whole', value: (row) => row.invoice },
]

/**
 * Makes a file of the orders a filter finds, newest number first: CSV (UTF-8 with a byte order mark, as spreadsheets
 * want it; streamed) or XLSX (numbers and days are real ones; held in memory).
 *
 * @returns the stored file; in a task it is a file result as well
 * @throws {DjetError} EXPORT_TOO_LARGE (422) for more orders than a sheet can hold; ACCESS_DENIED
 */
export async function exportOrders(djet: Djet, params: ExportOrders): Promise<StoredFile> {
  const [orders] = await djet.query<{ id: number }>(
    "select id from djet.node where basetype = 'orders' limit 1",
  )
  if (orders !== undefined) await djet.require('view', orders.id)
  const content = params.format === 'csv' ? Readable.from(csvLines(djet, params)) : await sheet(djet, params)
  const customer = params.customer?.replace(/[^A-Za-z0-9_-]/g, '')
  const name = ['orders', params.state, customer].filter((word) => word).join('-')
  return deliver(djet, { name: `${name}.${params.format}`, type: types[params.format], content })
}

const types: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

async function* batches(djet: Djet, filter: OrderFilter): AsyncGenerator<readonly OrderRow[]> {
  let before: string | null | undefined
  let done = 0
  do {
    djet.signal.throwIfAborted()
    const page = await orderList(djet, filter, { limit: BATCH, before: before ?? undefined })
    done += page.items.length
    djet.task?.progress(done, undefined, `${done} orders`)
    yield page.items
    before = page.next
  } while (before !== null)
}

async function* csvLines(djet: Djet, filter: OrderFilter): AsyncGenerator<Buffer> {
  yield Buffer.from(`\ufeff${csvRows([columns.map(({ title }) => title)])}`)
  for await (const rows of batches(djet, filter)) {
    yield Buffer.from(csvRows(rows.map((row) => columns.map(({ value }) => value(row)))))
  }
}

async function sheet(djet: Djet, filter: OrderFilter): Promise<Buffer> {
  const data: SheetData = [columns.map(({ title }) => ({ value: title, fontWeight: 'bold' as const }))]
  for await (const rows of batches(djet, filter)) {
    if (data.length + rows.length > LARGEST_SHEET) {
      throw new DjetError(
        'EXPORT_TOO_LARGE',
        `an XLSX sheet holds ${LARGEST_SHEET} orders at most: export them as CSV`,
        {
          status: 422,
        },
      )
    }
    for (const row of rows) data.push(columns.map(({ kind, value }) => sheetCell(kind, value(row))))
  }
  const { default: writeXlsxFile } = await import('write-excel-file/node')
  return writeXlsxFile(data, {
    sheet: 'Orders',
    columns: columns.map(({ width }) => ({ width })),
    stickyRowsCount: 1,
  }).toBuffer()
}

function sheetCell(kind: Kind, value: string | number | null): SheetData[number][number] {
  if (value === null) return null
  switch (kind) {
    case 'whole':
      return { type: Number, value: Number(value), format: '0' }
    case 'amount':
      // A spreadsheet's own numbers are floats; only the file has them, no sum is made of them here.
      return { type: Number, value: Number(value), format: '#,##0.00' }
    case 'day':
      return { type: Date, value: new Date(`${value}T00:00:00Z`), format: 'yyyy-mm-dd' }
    case 'text':
      return { type: String, value: String(value) }
  }
}
